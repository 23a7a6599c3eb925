import dataclasses

from make_study import make_study

from raison.report.items import item_text, look_of


def test_a_joint_act_and_a_count_say_what_they_are():
    study = make_study()
    answered = next(item for item in study.items if item.answer)
    assert item_text(study, answered).endswith("; answered at once by Russia & its <government>: ease")
    counted = next(item for item in study.items if item.kind == "count")
    assert item_text(study, counted).endswith(f", 3 times since {counted.begin}")
    once = dataclasses.replace(counted, number=1)
    assert item_text(study, once).endswith(f", once since {counted.begin}")
    assert not look_of(counted).can_be_doubtful
