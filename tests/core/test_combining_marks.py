"""Combining marks: as many as languages write, and no more."""

import unicodedata

import pytest

from webapp.core.combining_marks import LONGEST_NORMALIZED, is_stacked, normalized

ACUTE, DOT_BELOW, TILDE, HOOK, ENCLOSING = "\u0301", "\u0323", "\u0303", "\u0309", "\u20dd"

WRITTEN = {
    "Vietnamese": "Nguyễn Thị Mỹ Ệ",
    "Lithuanian": "Ė̃ i̇́",
    "Greek": "ᾆ ΐ",
    "Hebrew": "שָׁלוֹם בְּרֵאשִׁ֖ית",
    "Arabic": "مُحَمَّدٌ",
    "Thai": "ทั่วไป ที่นี่",
    "Lao": "ທີ່",
    "Khmer": "ស្ត្រី",
    "Hindi": "हिन्दी ज़्यादा क्षेत्र",
    "Tamil": "தமிழ்",
    "Burmese": "မြန်မာ",
    "Tibetan": "བརྒྱད སྐྱེད བསྒྲུབས",
    "Russian": "Йод ё ударе\u0301ние",
    "Japanese": "が パ",
    "Korean": "한국",
    "Yoruba": "Ọ̀ṣọ́ ẹ̀",
    "IPA": "ɔ̃ː ẽ̞",
    "Polish": "Łódź",
    "an emoji": "❤️ 1️⃣",
}


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("language", WRITTEN)
def test_combining_marks_of_real_languages_are_not_stacked(language, form):
    assert not is_stacked(unicodedata.normalize(form, WRITTEN[language]))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" + ACUTE + DOT_BELOW + TILDE, id="three different accents"),
        pytest.param("x" + ACUTE + ACUTE, id="the same accent twice"),
        pytest.param("x" + DOT_BELOW + ACUTE + DOT_BELOW, id="the same accent twice, once sorted"),
        pytest.param("a" + (ACUTE + DOT_BELOW) * 20, id="forty"),
        pytest.param("Z" + "".join(map(chr, range(0x300, 0x310))) + "algo", id="sixteen on the first of a word"),
        pytest.param("ที" + "่้๊๋", id="five of one script"),
        pytest.param("สุ" + "ุ", id="one of a script twice"),
        pytest.param("x" + ENCLOSING + HOOK + TILDE, id="around and above"),
        pytest.param(ACUTE + "ada", id="on nothing"),
        pytest.param("a" + (ACUTE + DOT_BELOW) * 30_000, id="sixty thousand"),
    ],
)
def test_combining_marks_that_no_language_uses_are_stacked(text):
    assert is_stacked(text)


def test_text_that_is_too_long_to_compare_is_not_normalized():
    longest = "e" + ACUTE * (LONGEST_NORMALIZED - 1)
    assert normalized("NFC", longest).startswith("é")
    assert normalized("NFC", longest + ACUTE) == longest + ACUTE
