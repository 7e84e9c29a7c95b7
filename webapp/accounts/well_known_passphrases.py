"""Well-known passphrases: examples of comics and manuals, quotations, rhymes. To add one, add a line."""

from dataclasses import dataclass
from functools import cache

from webapp.accounts.names import normalized_key

# A password counts as a passphrase if it has fewer characters than this besides the words of the passphrase.
OTHERS = 6
# Minimum number of letters from the longer words if they are in another order; fewer occur by chance.
LONG_ENOUGH, LONG_WORD = 10, 4
LEET = str.maketrans(
    {"0": "o", "1": "i", "l": "i", "!": "i", "3": "e", "4": "a", "@": "a", "5": "s", "$": "s", "7": "t"}
)

PASSPHRASES = """
a journey of a thousand miles begins with a single step
a long time ago in a galaxy far far away
alea iacta est
all work and no play makes jack a dull boy
all your base are belong to us
alle meine entchen schwimmen auf dem see
another one bites the dust
beam me up scotty
correct horse battery staple
das pferd frisst keinen gurkensalat
der fruehe vogel faengt den wurm
do androids dream of electric sheep
do not go gentle into that good night
elementary my dear watson
elephant in the room
es war einmal vor langer zeit
four score and seven years ago
frankly my dear i dont give a damn
franz jagt im komplett verwahrlosten taxi quer durch bayern
happy birthday to you
hello world this is my password
here is looking at you kid
houston we have a problem
i am the one who knocks
i have a dream that one day
i love you to the moon and back
in the beginning god created the heaven and the earth
in the beginning was the word
it was a dark and stormy night
it was the best of times it was the worst of times
je pense donc je suis
keep calm and carry on
let it be let it be
lirum larum loeffelstiel
live long and prosper
lorem ipsum dolor sit amet consectetur adipiscing elit
mary had a little lamb
may the force be with you
morgen stund hat gold im mund
my name is bond james bond
my name is inigo montoya you killed my father prepare to die
my voice is my passport verify me
never gonna give you up never gonna let you down
one ring to rule them all
open the pod bay doors hal
our father who art in heaven
please let me in to my account
resistance is futile
romeo romeo wherefore art thou romeo
roses are red violets are blue
sein oder nichtsein das ist hier die frage
shaken not stirred
somewhere over the rainbow
speak friend and enter
sphinx of black quartz judge my vow
the answer to life the universe and everything
the cake is a lie
the quick brown fox jumps over the lazy dog
the rain in spain stays mainly in the plain
the winter is coming
there is no place like home
this is my very secret and secure password
to be or not to be that is the question
to infinity and beyond
tr0ub4dor & 3
trustno1 the truth is out there
twinkle twinkle little star how i wonder what you are
two plus two equals five
we hold these truths to be self evident
we the people of the united states
zwoelf boxkaempfer jagen viktor quer ueber den grossen sylter deich
"""


@dataclass(frozen=True, slots=True)
class Passphrase:
    whole: str
    words: tuple[str, ...]
    """The longest first: a short one may be part of a longer."""

    def is_all_of(self, letters: str) -> bool:
        """Whether there is little else than this passphrase, or than its words in whatever order."""
        left, found = letters, 0
        for word in self.words:
            found += left.count(word) * len(word) if len(word) >= LONG_WORD else 0
            left = left.replace(word, " ")
        is_other = sum(character != " " for character in left) >= OTHERS
        return not is_other and (found >= LONG_ENOUGH or self.whole in letters)


def is_well_known(password: str) -> bool:
    """Whether a password is one of the passphrases, however it is spelled and punctuated."""
    letters = letters_and_digits(password)
    return any(passphrase.is_all_of(letters) for passphrase in passphrases())


def letters_and_digits(text: str) -> str:
    """Letters and digits alone, without case, and with one spelling of those that are written for each other."""
    return "".join(filter(str.isalnum, normalized_key(text).translate(LEET)))


@cache
def passphrases() -> list[Passphrase]:
    found = []
    for line in PASSPHRASES.strip().splitlines():
        words = set(filter(None, map(letters_and_digits, line.split())))
        found.append(Passphrase(letters_and_digits(line), tuple(sorted(words, key=lambda word: (-len(word), word)))))
    return found
