"""The words by which people name columns, in six languages, and what they mean.

A meaning is a column of Chronicle's own format, so that one word is used for one thing.
`as of` and `since` name the day of a report; what a kind of table lacks is left out by
the proposal. Folded as names of places are, so case, accents and marks do not count.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from chronicle.domain.names import fold_name

__all__ = ["STATUS_OF", "is_known", "meanings", "unit_of"]

_WORDS = """
id: id; ref id; report id; no; nr; number; row id; record id; uid; #; رقم; المعرف; numéro; identifiant; número; номер; № ; ид; ідентифікатор
settlement: settlement; place; location; town; city; village; locality; place name; settlement name; site; community; municipality; loc; where; المكان; الموقع; المدينة; البلدة; القرية; مكان; موقع; مدينة; بلدة; قرية; اسم المكان; التجمع; lieu; localité; ville; village; commune; endroit; emplacement; lugar; localidad; ciudad; pueblo; municipio; ubicación; место; населенный пункт; населённый пункт; город; село; локация; пункт; місце; населений пункт; місто; локація
valid_from: date; day; event date; date of event; date of control; date of change; since; from date; valid from; start date; asof; when; changed on; control date; report date; تاريخ; التاريخ; اليوم; تاريخ الحدث; منذ; من تاريخ; date de l'événement; jour; date du contrôle; depuis; depuis le; fecha; fecha del evento; día; desde; дата; день; дата события; с даты; когда; дата події; від дати; коли
published: published; date published; publication date; published on; reported on; date reported; reported date; learned; learnt; learned on; تاريخ النشر; نشر; publié; publié le; date de publication; publicado; fecha de publicación; опубликовано; дата публикации; опубліковано; дата публікації
to_actor: who; actor; controller; control; controlled by; held by; holder; party; side; faction; armed group; group; in control; holds; owner; to actor; new controller; المسيطر; الجهة; الجهة المسيطرة; السيطرة; من يسيطر; الطرف; الفصيل; acteur; contrôlé par; contrôle; tenu par; partie; qui; camp; actor armado; quién; controlado por; control de; en manos de; parte; bando; кто; контроль; под контролем; кем контролируется; сторона; актор; хто; під контролем; ким контролюється
from_actor: from actor; taken from; previous controller; formerly held by; lost by; previously; old controller; before; السابق; المسيطر السابق; انتزعت من; pris à; ancien contrôle; anteriormente; antes; прежний контроль; ранее; попередній контроль; раніше
status: status; state; control status; situation; الحالة; حالة السيطرة; الوضع; statut; état; situation; estado; situación; статус; состояние; стан
source: source; sources; source name; reported by; says; media; outlet; according to; المصدر; مصدر; المصادر; بحسب; selon; média; fuente; fuentes; según; medio; источник; источники; источник информации; по данным; джерело; джерела; за даними
note: note; notes; comment; comments; remark; remarks; description; details; ملاحظة; ملاحظات; تعليق; الوصف; تفاصيل; remarque; remarques; commentaire; commentaires; observations; nota; notas; comentario; comentarios; observaciones; descripción; примечание; примечания; комментарий; заметка; описание; примітка; примітки; коментар; опис
ref: link; url; source url; source link; reference; ref; web; رابط; الرابط; lien; enlace; ссылка; посилання
lat: lat; latitude; y; lat dd; gps lat; خط العرض; دائرة العرض; latitud; широта
lon: lon; long; lng; longitude; x; lon dd; gps lon; gps long; خط الطول; longitud; долгота; довгота
admin1: admin1; province; governorate; region; oblast; state name; adm1; admin1 name; department; المحافظة; محافظة; الولاية; الإقليم; gouvernorat; région; département; provincia; región; departamento; область; регион; провинция; регіон
pcode: pcode; p code; p-code; ocha pcode; admin pcode; place code; رمز المكان; code lieu; код места
geonames_id: geonames id; geonameid; geonames; geoname id
reliability: reliability; source reliability; reliability grade; موثوقية; موثوقية المصدر; fiabilité; fiabilidad; надежность; надёжность; надійність
credibility: credibility; credibility grade; المصداقية; مصداقية; crédibilité; credibilidad; достоверность; достовірність
time_of_day: time of day; part of day; وقت اليوم; moment de la journée; время суток; час доби
claimed_by: claimed by; claimant; claim by; ادعى; revendiqué par; reivindicado por; заявлено; заявил
persons: persons; people; individuals; idps; idp; number; figure; total; displaced; displaced persons; people displaced; number of people; number of idps; number of displaced; headcount; count; النازحون; نازحين; عدد النازحين; عدد الأشخاص; الأشخاص; العدد; الأفراد; personnes; déplacés; nombre de personnes; nombre de déplacés; effectif; individus; pdi; personas; desplazados; número de personas; número de desplazados; cantidad; человек; количество человек; число; количество; впл; перемещенные лица; осіб; кількість; кількість осіб; впо
low: low; minimum; min; low estimate; at least; الحد الأدنى; mínimo; минимум; мінімум
high: high; maximum; max; high estimate; at most; الحد الأقصى; máximo; максимум
qualifier: qualifier; accuracy; دقة; précision; precisión; точность; точність
category: category; type of displacement; displacement type; الفئة; catégorie; categoría; категория; категорія
measure: measure; stock or flow; stock flow; figure type; القياس; mesure; medida; мера; міра
area: area; district; zone; admin2; region name; المنطقة; منطقة; الناحية; district name; zona; distrito; área; район; местность
counter: counter; counted by; organisation; organization; agency; الجهة العادة; المنظمة; organisme; organización; agencia; организация; агентство; організація
since: since; from; period start; start; begin; من; début; du; inicio; начало; с; початок; з
until: until; to; end; period end; end date; to date; till; حتى; إلى; fin; jusqu'au; au; hasta; конец; по; до; кінець
origin: origin; place of origin; displaced from; coming from; المنشأ; مكان النزوح; origine; provenance; origen; procedencia; откуда; место происхождения; звідки; місце походження
destination: destination; arrived in; going to; الوجهة; destino; куда; место назначения; куди; місце призначення
killed: killed; deaths; fatalities; dead; best; casualties killed; قتلى; القتلى; عدد القتلى; الوفيات; tués; morts; décès; muertos; fallecidos; víctimas mortales; убито; погибшие; убитые; погибло; вбито; загиблі; загинуло
injured: injured; wounded; جرحى; الجرحى; مصابين; blessés; heridos; ранено; раненые; поранено; поранені
incident: event type; incident type; type of event; incident; event; sub event type; kind; نوع الحدث; الحادث; حادث; type d'événement; incident; tipo de evento; incidente; тип события; событие; инцидент; тип події; подія; інцидент
alleged_actor: perpetrator; alleged perpetrator; attacker; author; alleged actor; by whom; actor1; الفاعل; الجاني; auteur; auteur présumé; autor; perpetrador; исполнитель; виновник; нападавший; виконавець; винуватець
population: population; inhabitants; pop; عدد السكان; السكان; population totale; habitants; población; habitantes; население; численность населения; населення
aliases: aliases; other names; alias; alternative names; also known as; arabic name; name ar; native name; أسماء أخرى; autres noms; otros nombres; другие названия; інші назви
name: name; english name; name en; full name; الاسم; اسم; nom; nombre; название; имя; назва
"""  # noqa: E501

# Words of status, by what they mean; *held* is what a named party means by itself.
_STATUS = """
held: held; control; controlled; captured; taken; full control; firm control; مسيطر; سيطرة; تحت السيطرة; contrôlé; tenu; pris; controlado; tomado; контроль; под контролем; взят; захвачен; під контролем; взято
contested: contested; disputed; fighting; clashes; battle; front line; frontline; grey zone; gray zone; متنازع عليه; متنازع عليها; متنازع; اشتباكات; contesté; disputé; combats; disputado; en disputa; combates; спорный; спорно; бои; оспаривается; серая зона; спірний; спірно; бої; сіра зона
shared: shared; joint; joint control; mixed; مشترك; مشتركة; partagé; mixte; conjoint; compartido; mixto; совместный; совместно; смешанный; спільний; спільно
besieged: besieged; siege; under siege; encircled; surrounded; محاصر; محاصرة; حصار; assiégé; siège; encerclé; sitiado; asedio; осажден; осаждён; осада; окружен; окружён; в облозі; облога; оточено
presence: presence; present; activity; active; حضور; وجود; تواجد; présence; actif; presencia; activo; присутствие; активность; присутність; активність
vacated: vacated; abandoned; withdrawn; withdrew; empty; انسحاب; مهجور; خالية; évacué; abandonné; retrait; abandonado; retirada; evacuado; покинут; оставлен; отход; вывод; покинуто; залишено; відхід
unknown: unknown; unclear; not known; غير معروف; غير معروفة; مجهول; inconnu; incertain; desconocido; incierto; неизвестно; неясно; невідомо; незрозуміло
"""  # noqa: E501


def _read(told: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in told.strip().splitlines():
        meaning, _, words = line.partition(":")
        for word in words.split(";"):
            key = fold_name(word)
            if key and meaning not in found.setdefault(key, []):
                found[key].append(meaning)
    return found


_MEANINGS = _read(_WORDS)
_COLUMNS = {  # the names of the own format name themselves
    meaning: [meaning] for line in _WORDS.strip().splitlines()
    if (meaning := line.partition(":")[0])
}  # fmt: skip
_STATUSES = _read(_STATUS)
# Too short or too common to mean a column where they are one word of its name.
_NEVER_IN_PART = frozenset(
    {"id", "since", "until", "note", "low", "high", "name", "qualifier", "measure"}
)
# Figures of people are no figures of what these count, nor shares or changes.
_FIGURES = frozenset({"persons", "low", "high", "killed", "injured", "population"})
_OTHER_UNIT = re.compile(
    r"house ?holds?|\bhh\b|famil|foyers?\b|m[ée]nages?\b|hogares|семе|семь|домохоз|"
    r"сіме|сім.?[яї]|домогосп|أسر|عائل|اسر|%|per ?cent|\bpct\b|ratio|\brate\b|share|"
    r"incidents?\b|events?\b|villages?\b|sites?\b|camps?\b|tents?\b|shelters?\b|"
    r"houses?\b|buildings?\b|change|increase|decrease|differen|target|in need|"
    r"reached|planned|density"
)
_UNITS = (
    (10**6, re.compile(r"\bmillions?\b|\bmillones\b|млн|мільйон|миллион|مليون|ملايين")),
    # Whole words: `الافراد` are persons, `التحالف` is a coalition, and miles are also
    # a distance.
    (10**3, re.compile(
        r"(?<![0-9,.])000s?\b|(?<!\w)[x×*] ?1[,. ]?000\b|\bin 1[,. ]?000s?\b|"
        r"thousands?\b|\bmilliers\b|\ben miles\b|\bmiles de\b|[(\[]miles[)\]]|"
        r"тыс|\bтис|\bب?(?:ال)?(?:[آأا]لاف|[أا]لف)\b|\bin k\b"
    )),
)  # fmt: skip
_APART = re.compile(r"[\s/|()\[\]:,;]+|\s-\s")


def unit_of(header: str) -> int:
    """What one of a column stands for: 1,000 where its name says thousands."""
    plain = header.casefold()
    return next((unit for unit, said in _UNITS if said.search(plain)), 1)


@lru_cache(maxsize=4_096)
def meanings(header: str) -> tuple[tuple[str, int], ...]:
    """What the name of a column may mean, each with how sure.

    3: said in so many words; 2: one of two names in a cell (`Place / المكان`); 1: a
    word of it. A column that counts families is none of people, whatever it is called.
    """
    found = _meanings(header)
    if _OTHER_UNIT.search(header.casefold()):
        return tuple(one for one in found if one[1] > 2 or one[0] not in _FIGURES)
    return found


def _meanings(header: str) -> tuple[tuple[str, int], ...]:
    plain = header.strip().casefold().replace("_", " ").replace("-", " ")
    plain = plain.replace("as of", "asof")  # "as" folds away like the article in Arabic
    if (own := plain.replace(" ", "_")) in _COLUMNS:
        return ((own, 4), *((one, 3) for one in _MEANINGS.get(fold_name(plain), ())))
    if whole := _MEANINGS.get(fold_name(plain)):
        return tuple((one, 3) for one in whole)
    parts = [part for part in re.split(r"[/|()\[\]\n]+", plain) if part.strip()]
    said = {one: 2 for part in parts for one in _MEANINGS.get(fold_name(part), ())}
    if said and len(parts) > 1:
        return tuple(said.items())
    words = [fold_name(word) for word in _APART.split(plain)]
    pairs = [a + b for a, b in pairwise(words)]
    for some in (pairs, words):
        found = {
            one: 1
            for word in some
            for one in _MEANINGS.get(word, ())
            if one not in _NEVER_IN_PART
        }
        if found:
            return tuple(found.items())
    return ()


def is_known(text: str) -> bool:
    """Whether a cell may name a column: not by one word of a sentence."""
    return any(sure >= 2 for _, sure in meanings(text))


def _status_of() -> dict[str, str]:
    return {word: found[0] for word, found in _STATUSES.items()}


STATUS_OF = _status_of()
"""Words of status, folded, to the status that they mean."""
