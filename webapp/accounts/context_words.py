"""Context-specific words (SP 800-63B-4 §3.1.1.2) that a password must not contain: names of the user and the site."""

from webapp.accounts.names import normalized_key

PRODUCT = "latchkey"
# Shorter words occur in many passwords by chance.
LONG_ENOUGH = 4


def context_words_of(username: str, email: str, site_name: str) -> list[str]:
    """Words that an attacker would try first: user name, e-mail address, name of the site and of this product."""
    local, _at, domain = email.partition("@")
    return [word for word in (username.partition("@")[0], local, domain.partition(".")[0], site_name, PRODUCT) if word]


def word_contained(password: str, words: list[str]) -> str | None:
    """The first of the words that occurs in the password. Short words count only if nothing but punctuation is left."""
    key = normalized_key(password)
    for word in words:
        word_key = normalized_key(word)
        if word_key and word_key in key and (len(word_key) >= LONG_ENOUGH or is_blank(key.replace(word_key, ""))):
            return word
    return None


def is_blank(text: str) -> bool:
    return not any(character.isalnum() for character in text)
