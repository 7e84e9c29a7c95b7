"""LongSelect renders what the select widget of WTForms renders."""

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form, SelectField
from wtforms.fields.choices import SelectChoice

from webapp.web.long_select import LongSelect

CHOICES = [
    SelectChoice("UTC", "UTC"),
    SelectChoice('a"b', "<b>"),
    SelectChoice("Europe/Vienna", "Europe/Vienna", {"data-country": "AT"}),
]


class Zones(Form):
    kept = SelectField("Zone", name="zone", id="zone", choices=CHOICES, widget=LongSelect())
    plain = SelectField("Zone", name="zone", id="zone", choices=CHOICES)


@pytest.mark.parametrize("chosen", [choice.value for choice in CHOICES] + ["nowhere"])
def test_the_options_and_the_chosen_one_are_the_same(chosen):
    for _rendered_before in (False, True):
        form = Zones(MultiDict({"zone": chosen}))
        assert form.kept(class_="input") == form.plain(class_="input")
        assert (f'selected value="{"a&#34;b" if chosen == CHOICES[1].value else chosen}"' in form.kept()) == (
            chosen != "nowhere"
        )


def test_the_account_page_shows_the_own_time_zone(person):
    person.open("/account")
    person.press("Save", time_zone="America/New_York")
    page = person.open("/account").text
    assert '<option selected value="America/New_York">America/New York</option>' in page
    assert page.count("<option selected") == 3
