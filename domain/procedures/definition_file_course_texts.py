"""What may be wrong with what a service's file says: names, conditions, outcomes, the order of steps; in en, ru and kk."""

from __future__ import annotations

from collections.abc import Mapping

# By code: en, ru, kk. What stands in braces is taken over.
COURSE_TEXTS: Mapping[str, tuple[str, str, str]] = {
    # names that lead nowhere
    "unknown_name": ("unknown {what} {name}", "{what} {name}: такого нет", "{what} {name}: мұндай жоқ"),
    "another_field": (
        "{id} is another field elsewhere: type, choices or personal differ",
        "{id} в другом месте – другое поле: отличаются type, choices или personal",
        "{id} басқа жерде – басқа өріс: type, choices не personal өзгеше",
    ),
    "field_of_other_type": (
        "{id} is not a field of type {type}",
        "{id} – не поле типа {type}",
        "{id} – {type} түріндегі өріс емес",
    ),
    "personal_in_reports": (
        "{id} is personal: no report may tell it",
        "{id} – личное: отчёты его не показывают",
        "{id} – жеке дерек: есептер оны көрсетпейді",
    ),
    "personal_in_terms": (
        "{id} is personal: no term can be counted from it",
        "{id} – личное: от него нельзя считать срок",
        "{id} – жеке дерек: одан мерзім есептелмейді",
    ),
    "number_of_paper": (
        "{id} is not a field of type text, or is personal: a paper's number can't be read from it",
        "{id} – не поле типа text либо личное: номер документа из него не прочесть",
        "{id} – text түріндегі өріс емес не жеке дерек: құжат нөмірін одан оқуға болмайды",
    ),
    "id_of_field_too": ("is the id of a field too", "так называется и поле", "өріс те осылай аталады"),
    # conditions
    "condition_characters": (
        "can't have a backslash or #",
        "нельзя обратную черту и #",
        "кері қиғаш сызық пен # болмайды",
    ),
    "not_a_condition": (
        "{value} is not a condition: {told}",
        "{value} – не условие: {told}",
        "{value} – шарт емес: {told}",
    ),
    "not_a_truth": (
        "{value} is a {kind}, and neither true nor false by itself",
        "{value}: {kind}, само по себе не да и не нет",
        "{value}: {kind}, өзі иә де, жоқ та емес",
    ),
    "numbers_and_texts": (
        "can't have {value}; texts stand in quotes, numbers are as 3 or 2.5",
        "нельзя {value}; тексты – в кавычках, числа – как 3 или 2.5",
        "{value} болмайды; мәтіндер тырнақшада, сандар 3 не 2.5 түрінде",
    ),
    "not_allowed_here": ("can't have {value}", "нельзя {value}", "{value} болмайды"),
    "personal_in_conditions": (
        "{name} is personal: no condition may ask for it",
        "{name} – личное: условия о нём не спрашивают",
        "{name} – жеке дерек: шарттар ол туралы сұрамайды",
    ),
    "condition_not_field": (
        "{name} is a condition, not a field",
        "{name} – условие, а не поле",
        "{name} – шарт, өріс емес",
    ),
    "takes_two_dates": (
        "years(a, b) takes two dates",
        "years(a, b) берёт две даты",
        "years(a, b) екі күн алады",
    ),
    "takes_date_and_number": (
        "plus_years(a, 3) takes a date and a whole number, at most 100",
        "plus_years(a, 3) берёт дату и целое число, не больше 100",
        "plus_years(a, 3) күн мен бүтін сан алады, ең көбі 100",
    ),
    "takes_two": ("{form} takes two", "{form} берёт два", "{form} екеу алады"),
    "takes_one_text": ("{form} takes one text", "{form} берёт один текст", "{form} бір мәтін алады"),
    "not_a_quoted_date": (
        "{value} is not a date as '2015-01-01'",
        "{value} – не дата вида '2015-01-01'",
        "{value} – '2015-01-01' түріндегі күн емес",
    ),
    "no_such_day": (
        "{value} is not a day of the calendar",
        "{value} – такого дня нет в календаре",
        "{value} – күнтізбеде мұндай күн жоқ",
    ),
    "compares_by": (
        "compares by ==, !=, <, <=, >, >=, in and not in",
        "сравнивают через ==, !=, <, <=, >, >=, in и not in",
        "==, !=, <, <=, >, >=, in және not in арқылы салыстырылады",
    ),
    "compares_unlike": (
        "compares {left}, a {kind}, with {right}, a {kind2}",
        "сравнивает {left} ({kind}) с {right} ({kind2})",
        "{left} ({kind}) пен {right} ({kind2}) салыстырылады",
    ),
    "equality_only": (
        "{left}, a {kind}, is compared by == and != only",
        "{left} ({kind}) сравнивают только через == и !=",
        "{left} ({kind}) тек == және != арқылы салыстырылады",
    ),
    "list_after_in": (
        "after in comes a list in brackets, as ['a', 'b']",
        "после in идёт список в скобках, как ['a', 'b']",
        "in сөзінен кейін ['a', 'b'] түріндегі тізім келеді",
    ),
    "looks_among_unlike": (
        "looks for {left}, a {kind}, among what is not",
        "ищет {left} ({kind}) среди другого",
        "{left} ({kind}) басқалардың арасынан ізделеді",
    ),
    "too_deep": ("is more than {most} deep", "вложено глубже {most}", "{most} деңгейден терең"),
    # sense
    "consent_needed": (
        "must be true: the State Corporation takes in nothing without it (S002-21)",
        "нужно true: без него Госкорпорация ничего не принимает (S002-21)",
        "true керек: онсыз Мемлекеттік корпорация ештеңе қабылдамайды (S002-21)",
    ),
    "no_term": (
        "never comes: the step has no term, and the service none that it is within",
        "не наступит: срока нет ни у шага, ни у услуги",
        "ешқашан келмейді: қадамда да, қызметте де мерзім жоқ",
    ),
    "opens_at_end": (
        "can't open anything: the case ends, as {end}",
        "ничего не может открыть: дело завершается как {end}",
        "ештеңе аша алмайды: іс {end} болып аяқталады",
    ),
    "outcome_stays": (
        "can't be: the outcome stays, it is only recorded",
        "нельзя: такой исход только записывается, шаг продолжается",
        "болмайды: мұндай нәтиже тек жазылады, қадам жалғасады",
    ),
    "no_grounds": (
        "asks for a ground, and the service has no [[grounds]] (S002-22)",
        "требует основания, а у услуги нет [[grounds]] (S002-22)",
        "негіз сұрайды, ал қызметте [[grounds]] жоқ (S002-22)",
    ),
    "not_a_group": (
        "says nothing: the step is not a group's",
        "ничего не значит: шаг не групповой",
        "мәні жоқ: қадам топтық емес",
    ),
    "says_nothing_without_term": (
        "says nothing without a term",
        "без срока ничего не значит",
        "мерзімсіз мәні жоқ",
    ),
    "says_nothing_without_withdraws": (
        "says nothing without withdraws: withdrawn, annulled or replaced",
        "ничего не значит без withdraws: withdrawn, annulled или replaced",
        "withdraws болмаса мәні жоқ: withdrawn, annulled не replaced",
    ),
    "one_case_only": (
        "is for what a person decides on one case: no sitting's, no machine's",
        "только для решения человека по одному делу: не заседания и не машины",
        "адам бір іс бойынша шешетінге ғана: отырысқа да, машинаға да емес",
    ),
    "names_itself": (
        "names the step itself, {step}",
        "называет сам шаг, {step}",
        "қадамның өзін атайды: {step}",
    ),
    "remark_needed": (
        "needs a field remark of type number: which remark it is about (S002-F2)",
        "нужно поле remark типа number: о каком замечании речь (S002-F2)",
        "number түріндегі remark өрісі керек: қай ескерту туралы (S002-F2)",
    ),
    "asked_of_machine": (
        "can't be asked of the system, which takes this outcome",
        "нельзя спросить у системы, а этот исход берёт она",
        "жүйеден сұрауға болмайды, ал бұл нәтижені ол алады",
    ),
    # order
    "circle": (
        "leads back to itself: {cycle}",
        "ведёт к самому себе: {cycle}",
        "өзіне қайта әкеледі: {cycle}",
    ),
    "nothing_first": (
        "names no step: a case would have nothing to begin with",
        "не называет шага: делу не с чего начаться",
        "қадам аталмаған: іс неден басталары жоқ",
    ),
    "first_waits": (
        "{step} opens once the steps that it comes after are done",
        "{step} открывается после шагов, за которыми идёт",
        "{step} алдындағы қадамдар біткенде ашылады",
    ),
    "waits_for_itself": ("{step} waits for itself", "{step} ждёт самого себя", "{step} өзін күтеді"),
    "nothing_ends_step": (
        "none ends the step: every one stays",
        "шаг ничем не кончается: все исходы лишь записываются",
        "қадам аяқталмайды: бәрі тек жазылады",
    ),
    "opens_by_itself": (
        "{step} opens by itself, once the steps that it comes after are done",
        "{step} открывается сам после шагов, за которыми идёт",
        "{step} алдындағы қадамдар біткенде өзі ашылады",
    ),
    "never_before": (
        "{other} never comes before {step}",
        "{other} никогда не идёт раньше {step}",
        "{other} ешқашан {step} алдында келмейді",
    ),
    "too_many_ways": (
        "run side by side in too many ways for all of them to be checked",
        "идут рядом слишком многими путями, чтобы все проверить",
        "қатар жүретін жолдар тым көп, бәрін тексеру мүмкін емес",
    ),
    "nothing_to_take": (
        "none can be taken when {ended}",
        "ни один нельзя взять, когда {ended}",
        "{ended} кезінде ешқайсысын алуға болмайды",
    ),
    "refusal_without_ground": (
        "{result} is a refusal without a ground (S002-22)",
        "{result} – отказ без основания (S002-22)",
        "{result} – негізсіз бас тарту (S002-22)",
    ),
    "open_already": (
        "opens {step} while it is open already: join the ways by after",
        "открывает {step}, когда он уже открыт: соедините пути через after",
        "{step} ашық тұрғанда ашады: жолдарды after арқылы қосыңыз",
    ),
    "stays_open": (
        "opens nothing and ends nothing: a case would stay open for ever",
        "ничего не открывает и не завершает: дело осталось бы открытым навсегда",
        "ештеңе ашпайды да, аяқтамайды да: іс мәңгі ашық қалар еді",
    ),
    "goes_nowhere": (
        "goes nowhere when {step} is passed over",
        "никуда не ведёт, когда {step} пропущен",
        "{step} өткізіп жіберілсе, ешқайда апармайды",
    ),
    "never_all_done": (
        "{steps} are never all done in one case",
        "{steps}: в одном деле все они никогда не выполнены",
        "{steps}: бір істе бәрі ешқашан орындалмайды",
    ),
    "never_reached": (
        "no case comes to step {step}",
        "до шага {step} не доходит ни одно дело",
        "{step} қадамына бірде-бір іс жетпейді",
    ),
    "never_holds": ("never holds", "никогда не выполняется", "ешқашан орындалмайды"),
    "never_ends_so": ("no case ends so", "так не завершается ни одно дело", "бірде-бір іс олай аяқталмайды"),
    "never_given": (
        "no case gives {result}",
        "{result} не выдаёт ни одно дело",
        "{result} бірде-бір істе берілмейді",
    ),
    # other files of the folder
    "prefix_of_another": (
        "{prefix} is that of {service} too: case numbers would begin alike",
        "{prefix} – и у {service}: номера дел начинались бы одинаково",
        "{prefix} {service} қызметінде де бар: іс нөмірлері бірдей басталар еді",
    ),
    "prefix_like_another": (
        "{prefix} looks like {other} of {service}: case numbers would begin alike",
        "{prefix} похоже на {other} у {service}: номера дел начинались бы одинаково",
        "{prefix} {service} қызметінің {other} префиксіне ұқсас: іс нөмірлері бірдей басталар еді",
    ),
    "name_of_another": (
        "is the name of {service} too (S002-32)",
        "так называется и {service} (S002-32)",
        "{service} те осылай аталады (S002-32)",
    ),
    "version_of_another": (
        "{version} is the version of {file} too",
        "{version} – версия и файла {file}",
        "{version} – {file} файлының да нұсқасы",
    ),
    "versions_overlap": (
        "is in force on days on which version {version} of {file} is too",
        "действует в дни, когда действует и версия {version} из {file}",
        "{file} файлының {version} нұсқасы күшінде болатын күндерде де күшінде",
    ),
}
