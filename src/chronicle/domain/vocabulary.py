"""The closed vocabularies of the domain: the words that a field may hold.

Stored events hold these words, and columns hold their ranks in these tuples, so a word
is never renamed, moved or taken away.
"""

from __future__ import annotations

__all__ = [
    "CATEGORIES",
    "CIVILIANS",
    "EDITOR",
    "INCIDENT_KINDS",
    "MEASURES",
    "NAMELESS",
    "PRECISIONS",
    "QUALIFIERS",
    "RELATIONS",
    "RELIABILITIES",
    "ROAD_CLASSES",
    "SENSITIVITIES",
    "STATUSES",
    "TERRITORY_KINDS",
    "TIMES_OF_DAY",
]

EDITOR = "editor"  # the source of a correction when nobody else is named

# What a report can say of a place.
STATUSES = (
    "held",
    "contested",
    "shared",
    "besieged",
    "presence",
    "vacated",
    "unknown",
)
NAMELESS = frozenset({"contested", "vacated", "unknown"})  # no controller is named

# In the order of a day; the unstated time stands between morning and evening.
TIMES_OF_DAY = ("morning", "", "evening", "night")

# ACLED's sub-event types, exact spelling (ACLED Codebook 2023, table 2).
TERRITORY_KINDS = (
    "Government regains territory",
    "Non-state actor overtakes territory",
    "Non-violent transfer of territory",
)
INCIDENT_KINDS = (
    *TERRITORY_KINDS,
    "Armed clash",
    "Chemical weapon",
    "Air/drone strike",
    "Suicide bomb",
    "Shelling/artillery/missile attack",
    "Remote explosive/landmine/IED",
    "Grenade",
    "Sexual violence",
    "Attack",
    "Abduction/forced disappearance",
    "Peaceful protest",
    "Protest with intervention",
    "Excessive force against protesters",
    "Violent demonstration",
    "Mob violence",
    "Agreement",
    "Arrests",
    "Change to group/activity",
    "Disrupted weapons use",
    "Headquarters or base established",
    "Looting/property destruction",
    "Other",
)

MEASURES = ("stock", "flow")
QUALIFIERS = ("", "exact", "about", "over", "under", "range")
CATEGORIES = (
    "displaced",
    "newly displaced",
    "displaced again",
    "displaced, new and again",
    "returned within Syria",
    "returned within the country",
    "returned from abroad",
    "in reception centres",
    "left the country",
)
PRECISIONS = ("day", "week", "month", "span")
ROAD_CLASSES = ("motorway", "primary", "secondary", "local")
SENSITIVITIES = ("low", "moderate", "high", "severe")  # OCHA's four levels
RELATIONS = ("same-change", "disputes")
CIVILIANS = ("", "yes", "no", "mixed")  # whether those hit were civilians

# Admiralty code (STANAG 2511): the source, A best, F *cannot be judged*.
RELIABILITIES = ("A", "B", "C", "D", "E", "F")
