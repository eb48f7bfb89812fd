"""Canaries: personal values of every kind, unique for a seed, so that a dump can be searched for them."""

import json
import random
from typing import Any

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"


def personal_values(seed: int) -> dict[str, str]:
    """Return one valid value of each kind, under the name of its kind; each occurs nowhere by chance."""
    return Canaries(seed).values()


def planted(seed: int) -> dict[str, Any]:
    """Return properties with every value of a seed where a client might put it, and in places where none would."""
    values = personal_values(seed)
    return {
        **values,
        "nested": {"deeper": [{"list": list(values.values())}, {"json": json.dumps(values)}]},
        "lesson_id": values["email"],
        "course_id": values["jwt"],
        "url": f"https://example.org/u/{values['name'].replace(' ', '-')}?q={values['email']}",
        "comment": ". ".join(values.values()),
        **{value: kind for kind, value in values.items()},
    }


class Canaries:
    """Makes values of a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"canary {seed}")

    def values(self) -> dict[str, str]:
        """Return one value of each kind."""
        first, last = self.word().title(), self.word().title()
        return {
            "name": f"{first} {last}",
            "email": f"{first}.{last}.{self.digits(4)}@{self.word()}.example.org".lower(),
            "phone": f"+44 20 {self.digits(4)} {self.digits(4)}",
            "ip": f"{self.number(11, 223)}.{self.number(0, 255)}.{self.number(100, 255)}.{self.number(100, 255)}",
            "ipv6": f"2001:db8:{self.hexadecimal(4)}:{self.hexadecimal(4)}::{self.hexadecimal(4)}",
            "mac": ":".join(self.hexadecimal(2) for _ in range(6)),
            "payment_card": self.with_luhn("4" + self.digits(14)),
            "iban": self.iban(),
            "ssn": f"{self.number(100, 665)}-{self.number(10, 99)}-{self.number(1000, 9999)}",
            "dni": self.dni(),
            "bsn": self.bsn(),
            "personnummer": self.personnummer(),
            "jwt": f"eyJ{self.text(20)}.eyJ{self.text(30)}.{self.text(43)}",
            "bearer": f"Bearer {self.text(32)}",
            "api_key": "AKIA" + self.text(16).upper(),
            "stripe_key": "sk_" + f"live_{self.text(24)}",
            "password": f"pw-{self.text(14)}",
            "dsn": f"postgres://{self.word()}:{self.text(12)}@db.internal:5432/x",
            "pem": "-----BEGIN " + f"PRIVATE KEY-----\n{self.text(60)}\n-----END " + "PRIVATE KEY-----",
            "birth_date": f"{self.number(2008, 2018)}-0{self.number(1, 9)}-{self.number(10, 28)}",
            "address": f"{self.number(100, 999)} {self.word().title()}{self.word()} Lane, {self.word().title()}",
            "coordinates": f"{self.number(10, 59)}.{self.digits(6)}, {self.number(10, 99)}.{self.digits(6)}",
            "user_path": f"/home/{self.word()}{self.word()}/notes.txt",
            "device_id": self.uuid(),
            "disability": f"{self.word()} {self.word()} syndrome",
            "guardian_name": f"{self.word().title()} {last}",
            "comment": f"my best friend is {self.word().title()} {self.word().title()}",
        }

    def number(self, least: int, most: int) -> int:
        """Return a number from least to most."""
        return self._random.randint(least, most)

    def digits(self, count: int) -> str:
        """Return so many digits, the first of them not 0."""
        return str(self.number(10 ** (count - 1), 10**count - 1))

    def hexadecimal(self, count: int) -> str:
        """Return so many hexadecimal digits, the first of them not 0."""
        return self._random.choice("123456789abcdef") + "".join(self._random.choices(ALPHABET[:16], k=count - 1))

    def text(self, count: int) -> str:
        """Return so many letters and digits."""
        return "".join(self._random.choices(ALPHABET, k=count))

    def word(self) -> str:
        """Return a word that is none in any language."""
        return "".join(self._random.choice(letters) for letters in (CONSONANTS, VOWELS) * 4)

    def uuid(self) -> str:
        """Return a random UUID."""
        return "-".join(self.hexadecimal(count) for count in (8, 4, 4, 4, 12))

    def with_luhn(self, digits: str) -> str:
        """Return the digits with their check digit."""
        return next(digits + check for check in "0123456789" if _luhn(digits + check))

    def iban(self) -> str:
        """Return a German account."""
        account = self.digits(18)
        return f"DE{98 - int(account + '131400') % 97:02}{account}"

    def dni(self) -> str:
        """Return a Spanish identity number."""
        number = self.digits(8)
        return number + "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]

    def bsn(self) -> str:
        """Return a Dutch citizen service number, with the word that tells it from any other number."""
        while True:
            head = self.digits(8)
            check = sum(int(digit) * weight for digit, weight in zip(head, range(9, 1, -1), strict=True)) % 11
            if check < 10:
                return f"BSN {head}{check}"

    def personnummer(self) -> str:
        """Return a Swedish personal number."""
        date = f"{self.number(10, 17)}0{self.number(1, 9)}{self.number(10, 28)}"
        number = self.with_luhn(date + self.digits(3))
        return f"{number[:6]}-{number[6:]}"


def _luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
