-- Spellings of cities. Both columns are in normal form; an alias is a look-up key: lower case, ё as е, hyphens as spaces.
-- Real cities only; every city is its own alias; no alias stands for two cities.
-- This list is the whole truth: rows that differ from the table are written, an alias that is gone from here is
-- withdrawn (is_active = 0), and a second run writes nothing.

INSERT INTO zakaz.dim_city_alias (alias, city, is_active, note, _ver)
SELECT
    d.alias AS alias,
    if(d.in_list, d.wanted.1, d.found.1) AS city,
    d.in_list AS is_active,
    if(d.in_list, d.wanted.2, d.found.2) AS note,
    greatest(toUInt64(toUnixTimestamp64Milli(now64(3))), d.found_ver + 1) AS _ver
FROM
(
    SELECT
        u.alias AS alias,
        max(u.listed) AS in_list,
        countIf(u.listed = 0) AS in_table,
        anyIf((u.city, u.note), u.listed = 1) AS wanted,
        anyIf((u.city, u.note), u.listed = 0) AS found,
        maxIf(u.is_active, u.listed = 0) AS found_active,
        max(u._ver) AS found_ver
    FROM
    (
        SELECT alias, city, note, toUInt8(1) AS listed, toUInt8(1) AS is_active, toUInt64(0) AS _ver
        FROM values(
            'alias String, city String, note String',
            ('москва', 'москва', 'name'), ('msk', 'москва', 'short form'), ('мск', 'москва', 'short form'), ('moscow', 'москва', 'English name'), ('moskva', 'москва', 'transliteration'),
            ('санкт петербург', 'санкт-петербург', 'name'), ('спб', 'санкт-петербург', 'short form'), ('spb', 'санкт-петербург', 'short form'), ('питер', 'санкт-петербург', 'colloquial'), ('петербург', 'санкт-петербург', 'colloquial'), ('saint petersburg', 'санкт-петербург', 'English name'), ('st petersburg', 'санкт-петербург', 'English name'), ('sankt peterburg', 'санкт-петербург', 'transliteration'), ('peterburg', 'санкт-петербург', 'transliteration'),
            ('новосибирск', 'новосибирск', 'name'), ('nsk', 'новосибирск', 'short form'), ('нск', 'новосибирск', 'short form'), ('novosibirsk', 'новосибирск', 'transliteration'),
            ('екатеринбург', 'екатеринбург', 'name'), ('ekb', 'екатеринбург', 'short form'), ('екб', 'екатеринбург', 'short form'), ('ekaterinburg', 'екатеринбург', 'transliteration'), ('yekaterinburg', 'екатеринбург', 'transliteration'),
            ('казань', 'казань', 'name'), ('kzn', 'казань', 'short form'), ('кзн', 'казань', 'short form'), ('kazan', 'казань', 'transliteration'),
            ('нижний новгород', 'нижний новгород', 'name'), ('нн', 'нижний новгород', 'short form'), ('nn', 'нижний новгород', 'short form'), ('nnv', 'нижний новгород', 'short form'), ('nnov', 'нижний новгород', 'short form'), ('nizhny novgorod', 'нижний новгород', 'transliteration'), ('nizhniy novgorod', 'нижний новгород', 'transliteration'), ('nizhnij novgorod', 'нижний новгород', 'transliteration'),
            ('челябинск', 'челябинск', 'name'), ('chel', 'челябинск', 'short form'), ('челяба', 'челябинск', 'colloquial'), ('chelyabinsk', 'челябинск', 'transliteration'),
            ('красноярск', 'красноярск', 'name'), ('krsk', 'красноярск', 'short form'), ('krasnoyarsk', 'красноярск', 'transliteration'),
            ('самара', 'самара', 'name'), ('smr', 'самара', 'short form'), ('samara', 'самара', 'transliteration'),
            ('уфа', 'уфа', 'name'), ('ufa', 'уфа', 'transliteration'),
            ('ростов на дону', 'ростов-на-дону', 'name'), ('рнд', 'ростов-на-дону', 'short form'), ('rnd', 'ростов-на-дону', 'short form'), ('rostov na donu', 'ростов-на-дону', 'transliteration'), ('rostov on don', 'ростов-на-дону', 'English name'),
            ('омск', 'омск', 'name'), ('omsk', 'омск', 'transliteration'),
            ('краснодар', 'краснодар', 'name'), ('krd', 'краснодар', 'short form'), ('крд', 'краснодар', 'short form'), ('krasnodar', 'краснодар', 'transliteration'),
            ('воронеж', 'воронеж', 'name'), ('vrn', 'воронеж', 'short form'), ('врн', 'воронеж', 'short form'), ('voronezh', 'воронеж', 'transliteration'),
            ('пермь', 'пермь', 'name'), ('prm', 'пермь', 'short form'), ('perm', 'пермь', 'transliteration'),
            ('волгоград', 'волгоград', 'name'), ('volgograd', 'волгоград', 'transliteration'),
            ('саратов', 'саратов', 'name'), ('saratov', 'саратов', 'transliteration'),
            ('тюмень', 'тюмень', 'name'), ('tmn', 'тюмень', 'short form'), ('тмн', 'тюмень', 'short form'), ('tyumen', 'тюмень', 'transliteration'), ('tumen', 'тюмень', 'transliteration'),
            ('тольятти', 'тольятти', 'name'), ('tlt', 'тольятти', 'short form'), ('тлт', 'тольятти', 'short form'), ('tolyatti', 'тольятти', 'transliteration'), ('togliatti', 'тольятти', 'English name'),
            ('ижевск', 'ижевск', 'name'), ('izh', 'ижевск', 'short form'), ('izhevsk', 'ижевск', 'transliteration'),
            ('барнаул', 'барнаул', 'name'), ('barnaul', 'барнаул', 'transliteration'),
            ('ульяновск', 'ульяновск', 'name'), ('ulsk', 'ульяновск', 'short form'), ('ulyanovsk', 'ульяновск', 'transliteration'),
            ('иркутск', 'иркутск', 'name'), ('irk', 'иркутск', 'short form'), ('irkutsk', 'иркутск', 'transliteration'),
            ('хабаровск', 'хабаровск', 'name'), ('khv', 'хабаровск', 'short form'), ('khabarovsk', 'хабаровск', 'transliteration'), ('habarovsk', 'хабаровск', 'transliteration'),
            ('ярославль', 'ярославль', 'name'), ('yaroslavl', 'ярославль', 'transliteration'),
            ('владивосток', 'владивосток', 'name'), ('vvo', 'владивосток', 'short form'), ('vladivostok', 'владивосток', 'transliteration'),
            ('махачкала', 'махачкала', 'name'), ('makhachkala', 'махачкала', 'transliteration'), ('mahachkala', 'махачкала', 'transliteration'),
            ('томск', 'томск', 'name'), ('tomsk', 'томск', 'transliteration'),
            ('оренбург', 'оренбург', 'name'), ('orenburg', 'оренбург', 'transliteration'),
            ('кемерово', 'кемерово', 'name'), ('kemerovo', 'кемерово', 'transliteration'),
            ('новокузнецк', 'новокузнецк', 'name'), ('nkz', 'новокузнецк', 'short form'), ('novokuznetsk', 'новокузнецк', 'transliteration'),
            ('рязань', 'рязань', 'name'), ('rzn', 'рязань', 'short form'), ('ryazan', 'рязань', 'transliteration'),
            ('набережные челны', 'набережные челны', 'name'), ('наб челны', 'набережные челны', 'short form'), ('челны', 'набережные челны', 'short form'), ('chelny', 'набережные челны', 'short form'), ('naberezhnye chelny', 'набережные челны', 'transliteration'),
            ('астрахань', 'астрахань', 'name'), ('astrakhan', 'астрахань', 'transliteration'), ('astrahan', 'астрахань', 'transliteration'),
            ('пенза', 'пенза', 'name'), ('pnz', 'пенза', 'short form'), ('penza', 'пенза', 'transliteration'),
            ('киров', 'киров', 'name'), ('kirov', 'киров', 'transliteration'),
            ('липецк', 'липецк', 'name'), ('lipetsk', 'липецк', 'transliteration'), ('lipeck', 'липецк', 'transliteration'),
            ('чебоксары', 'чебоксары', 'name'), ('cheboksary', 'чебоксары', 'transliteration'),
            ('калининград', 'калининград', 'name'), ('kgd', 'калининград', 'short form'), ('kaliningrad', 'калининград', 'transliteration'),
            ('тула', 'тула', 'name'), ('tula', 'тула', 'transliteration'),
            ('ставрополь', 'ставрополь', 'name'), ('stavropol', 'ставрополь', 'transliteration'),
            ('курск', 'курск', 'name'), ('kursk', 'курск', 'transliteration'),
            ('сочи', 'сочи', 'name'), ('sochi', 'сочи', 'transliteration'),
            ('улан удэ', 'улан-удэ', 'name'), ('ulan ude', 'улан-удэ', 'transliteration'),
            ('тверь', 'тверь', 'name'), ('tver', 'тверь', 'transliteration'),
            ('магнитогорск', 'магнитогорск', 'name'), ('magnitogorsk', 'магнитогорск', 'transliteration'),
            ('иваново', 'иваново', 'name'), ('ivanovo', 'иваново', 'transliteration'),
            ('брянск', 'брянск', 'name'), ('bryansk', 'брянск', 'transliteration'),
            ('белгород', 'белгород', 'name'), ('belgorod', 'белгород', 'transliteration'),
            ('сургут', 'сургут', 'name'), ('surgut', 'сургут', 'transliteration'),
            ('владимир', 'владимир', 'name'), ('vladimir', 'владимир', 'transliteration'),
            ('чита', 'чита', 'name'), ('chita', 'чита', 'transliteration'),
            ('нижний тагил', 'нижний тагил', 'name'), ('nizhny tagil', 'нижний тагил', 'transliteration'), ('nizhniy tagil', 'нижний тагил', 'transliteration'),
            ('архангельск', 'архангельск', 'name'), ('arkhangelsk', 'архангельск', 'transliteration'), ('arhangelsk', 'архангельск', 'transliteration'),
            ('калуга', 'калуга', 'name'), ('kaluga', 'калуга', 'transliteration'),
            ('смоленск', 'смоленск', 'name'), ('smolensk', 'смоленск', 'transliteration'),
            ('череповец', 'череповец', 'name'), ('cherepovets', 'череповец', 'transliteration'), ('cherepovec', 'череповец', 'transliteration'),
            ('саранск', 'саранск', 'name'), ('saransk', 'саранск', 'transliteration'),
            ('вологда', 'вологда', 'name'), ('vologda', 'вологда', 'transliteration'),
            ('курган', 'курган', 'name'), ('kurgan', 'курган', 'transliteration'),
            ('орел', 'орёл', 'name'), ('orel', 'орёл', 'transliteration'), ('oryol', 'орёл', 'transliteration'),
            ('якутск', 'якутск', 'name'), ('yakutsk', 'якутск', 'transliteration'),
            ('мурманск', 'мурманск', 'name'), ('murmansk', 'мурманск', 'transliteration'),
            ('владикавказ', 'владикавказ', 'name'), ('vladikavkaz', 'владикавказ', 'transliteration'),
            ('грозный', 'грозный', 'name'), ('grozny', 'грозный', 'transliteration'), ('groznyy', 'грозный', 'transliteration'),
            ('тамбов', 'тамбов', 'name'), ('tambov', 'тамбов', 'transliteration'),
            ('петрозаводск', 'петрозаводск', 'name'), ('ptz', 'петрозаводск', 'short form'), ('petrozavodsk', 'петрозаводск', 'transliteration'),
            ('кострома', 'кострома', 'name'), ('kostroma', 'кострома', 'transliteration'),
            ('новороссийск', 'новороссийск', 'name'), ('novorossiysk', 'новороссийск', 'transliteration'), ('novorossijsk', 'новороссийск', 'transliteration'),
            ('йошкар ола', 'йошкар-ола', 'name'), ('yoshkar ola', 'йошкар-ола', 'transliteration'),
            ('великий новгород', 'великий новгород', 'name'), ('veliky novgorod', 'великий новгород', 'transliteration'), ('velikiy novgorod', 'великий новгород', 'transliteration'),
            ('псков', 'псков', 'name'), ('pskov', 'псков', 'transliteration'),
            ('южно сахалинск', 'южно-сахалинск', 'name'), ('yuzhno sakhalinsk', 'южно-сахалинск', 'transliteration'),
            ('минск', 'минск', 'name'), ('minsk', 'минск', 'transliteration'),
            ('алматы', 'алматы', 'name'), ('almaty', 'алматы', 'transliteration'), ('алма ата', 'алматы', 'former name'),
            ('астана', 'астана', 'name'), ('astana', 'астана', 'transliteration')
        )
        UNION ALL
        SELECT alias, toString(city) AS city, note, toUInt8(0) AS listed, is_active, _ver
        FROM zakaz.dim_city_alias FINAL
    ) AS u
    GROUP BY u.alias
) AS d
WHERE if(d.in_list, d.in_table = 0 OR d.found_active = 0 OR d.wanted != d.found, d.found_active = 1);
