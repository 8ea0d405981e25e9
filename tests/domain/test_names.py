"""Names resolve in any script, and what does not resolve is told apart."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chronicle.domain.names import Gazetteer, fold_name
from strategies import steady


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aleppo", "ALEPPO"),
        ("Ḥimṣ", "Hims"),
        ("Bāb", "Ba\u0304b"),
        ("Urum al-Sughra", "urum as sughra"),
        ("al-Bab", "Bab"),
        ("Al Bab", "El-Bab"),
        ("As-Suwayda", "Suwayda"),
        ("ash-Shaykh", "esh Shaykh"),
        ("Dayr az-Zawr", "dayr ez zawr"),
        ("Dayr az-Zawr", "dayr_az_zawr"),
        ("Dayr az-Zawr", "dayr az\u2011zawr"),  # a hyphen that does not break
        ("ath-Thawra", "Thawra"),
        ("adh-Dhahab", "Dhahab"),
        ("ar-Rastan", "Rastan"),
        ("an-Nabk", "En Nabk"),
        ("Ma'arat", "Maʿarat"),
        ("Ma’arat", "Maarat"),
        ("Łódź", "Lodz"),
        ("Đakovo", "Dakovo"),
        ("Ağrı", "agri"),
        ("DİYARBAKIR", "Diyarbakir"),
        ("Groß", "GROSS"),
        ("Ａｌｅｐｐｏ", "Aleppo"),  # full-width letters
        ("㎒", "mhz"),  # decomposes to capitals
        ("حَلَب", "حلب"),  # vowel marks
        ("حلـــب", "حلب"),  # tatweel
        ("إدلب", "ادلب"),  # hamza below
        ("أريحا", "اريحا"),  # hamza above
        ("آفس", "افس"),  # madda
        ("ٱلباب", "الباب"),  # wasla
        ("حماة", "حماه"),  # teh marbuta
        ("منى", "مني"),  # alef maksura
        ("مؤتة", "موته"),
        ("بئر", "بير"),
        ("الباب", "باب"),  # the article
        ("دير الزور", "دير زور"),
        ("كوباني", "کوبانی"),  # Kurdish letters
        ("مي\u200cخوش", "ميخوش"),  # a joiner that nobody sees
    ],
)
def test_spellings_of_one_name_fold_to_one_key(one, other):
    assert fold_name(one) == fold_name(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aleppo", "Aleppa"),
        ("Alder", "der"),  # an article stands apart from its word
        ("Anas", "as"),
        ("Hama", "Homs"),
        ("حلب", "حمص"),
        ("Camp 1", "Camp 2"),
    ],
)
def test_different_names_keep_different_keys(one, other):
    assert fold_name(one) != fold_name(other)


def test_an_article_with_nothing_behind_it_is_a_name():
    assert fold_name("al-") == fold_name("Al") == "al"
    assert fold_name("ال") == "ال"
    assert fold_name("al-_") == "al"


@steady
@given(st.text(max_size=30))
def test_the_key_ignores_form_and_case_and_is_empty_only_without_a_word(name):
    key = fold_name(name)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold_name(unicodedata.normalize(form, name)) == key
    said = [
        character
        for character in unicodedata.normalize("NFKD", name)
        if character.isalnum()
        and not unicodedata.combining(character)
        and character not in "ـʼʻʿʾ"
    ]
    assert (key == "") == (said == [])
    assert not any(character.isspace() for character in key)


PLACES = Gazetteer(
    {
        "aleppo": ["Aleppo", "Halab", "حلب"],
        "houla-homs": ["al-Houla", "الحولة"],
        "houla-hama": ["Houla"],
        "bab": ["al-Bab", "الباب"],
        "al-bab": ["Little Bab"],
        "nameless": ["—", ""],
    }
)


def test_a_name_in_any_script_finds_its_place():
    for text in ("aleppo", "HALAB", "حَلب", "Al-Halab"):
        assert PLACES.find(text) == ["aleppo"]


def test_an_ambiguous_name_finds_all_that_bear_it_in_order():
    assert PLACES.find("Houla") == ["houla-hama", "houla-homs"]
    assert PLACES.find("Al Houla") == ["houla-hama", "houla-homs"]
    assert PLACES.find("الحولة") == ["houla-homs"]


def test_an_exact_id_is_not_ambiguous_though_others_bear_it_as_a_name():
    assert PLACES.find("al-bab") == ["al-bab"]
    assert PLACES.find("bab") == ["bab"]
    assert PLACES.find("Bab") == ["al-bab", "bab"]


def test_what_is_no_word_names_nobody():
    for text in ("", "—", "  ", "'"):
        assert PLACES.find(text) == []
        assert PLACES.like(text) == []


def test_a_misspelt_name_suggests_the_nearest_first():
    assert PLACES.like("Alepo") == ["aleppo"]
    assert PLACES.like("Halap")[0] == "aleppo"
    assert PLACES.like("Babb")[0] == "bab"
    assert PLACES.like("Zzyzx") == []


def test_suggestions_name_every_bearer_once_and_no_more_than_asked_for():
    assert PLACES.like("Houlla") == ["houla-homs", "houla-hama"]
    assert PLACES.like("Houlla", most=1) == ["houla-homs"]
    assert Gazetteer({"alder": ["Alder", "Aldar"]}).like("aldr") == ["alder"]
