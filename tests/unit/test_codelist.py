from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.codelist import parse_codelist, verhoeff_is_valid
from searches.errors import CodelistError

HEADER = "system,code,label,category\n"


def codelist(*rows: str) -> str:
    return HEADER + "".join(f"{row}\n" for row in rows)


def with_check_digit(digits: str) -> str:
    return next(f"{digits}{check}" for check in range(10) if verhoeff_is_valid(f"{digits}{check}"))


def test_a_good_list_keeps_its_codes_as_text() -> None:
    pulse = parse_codelist(
        "pulse",
        codelist("snomed,73211009,diabetes,", "dmd,39113611000001102,a product,", "ctv3,C10..,d,", "read2,C10E.,x,"),
    )
    assert [code.code for code in pulse.codes] == ["73211009", "39113611000001102", "C10..", "C10E."]
    assert pulse.of_system("ctv3") == ("C10..",)


def test_a_suppliers_own_code_is_text_without_spaces() -> None:
    assert parse_codelist("x", codelist("emis,^ESCT123-4,own,")).codes[0].code == "^ESCT123-4"


def test_the_digest_does_not_depend_on_the_order_of_lines() -> None:
    one = parse_codelist("x", codelist("ctv3,C10..,a,", "ctv3,C10E.,b,"))
    other = parse_codelist("x", codelist("ctv3,C10E.,b,", "ctv3,C10..,a,"))
    assert one.digest == other.digest


def test_the_digest_depends_on_every_field() -> None:
    digests = {
        parse_codelist("x", codelist(row)).digest
        for row in ("ctv3,C10..,a,", "read2,C10..,a,", "ctv3,C10E.,a,", "ctv3,C10..,b,", "ctv3,C10..,a,z")
    }
    assert len(digests) == 5


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("snomed,73211008,x,", "snomed code '73211008': check digit is wrong"),
        ("snomed,073211009,x,", "expected 6 to 18 digits without a leading zero"),
        ("snomed,7.3211E+07,x,", "expected 6 to 18 digits"),
        ("snomed, 73211009,x,", "expected 6 to 18 digits"),
        ("snomed,٧٣٢١١٠٠٩,x,", "expected 6 to 18 digits"),
        ("snomed,680946014,x,", r"expected a concept \(partition 00 or 10\), got partition 01"),
        (f"dmd,{with_check_digit('123410')},x,", "too short to hold the namespace"),
        ("ctv3,C10,x,", "expected five letters or digits, padded"),
        ("ctv3,C.10.,x,", "expected five letters or digits, padded"),
        ("read2,.....,x,", "expected five letters or digits, padded"),
        ("read2,C10E.00,x,", "expected five letters or digits, padded"),
        ("emis,a b,x,", "without spaces or commas"),
        ("icd10,E11,x,", "unknown system 'icd10'"),
        ("ctv3,C10..,,", "the label is empty"),
        ("ctv3,C10..,x,=cmd", "category '=cmd' is refused"),
        ("ctv3,C10..,x", "expected 4 columns, got 3"),
        ("ctv3,C10..,a, b,", "expected 4 columns, got 5"),
        ('ctv3,C10..,"a"b,', "line 2: not CSV"),
    ],
)
def test_a_bad_row_is_refused_with_its_line(row: str, reason: str) -> None:
    with pytest.raises(CodelistError, match=reason) as caught:
        parse_codelist("pulse", codelist(row))
    assert "code list pulse, line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected the header system,code,label,category, got ''"),
        ("code,system\n", "expected the header system,code,label,category, got 'code,system'"),
        (HEADER, "code list x is empty"),
        (codelist("ctv3,C10..,a,", "ctv3,C10..,b,"), "ctv3 code C10.. stands twice"),
        (codelist("ctv3,C10..,a,White", "ctv3,C10E.,b,"), "ctv3 code C10E. has no category, others have"),
        ("x" * 2_000_001, "is longer than 2000000 characters"),
    ],
)
def test_a_bad_list_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CodelistError, match=reason):
        parse_codelist("x", text)


@pytest.mark.parametrize("name", ["", "Pulse", "../pulse", "pulse-rhythm", "1st"])
def test_a_name_that_sql_could_not_write_is_refused(name: str) -> None:
    with pytest.raises(CodelistError, match=r"code list name .* is refused"):
        parse_codelist(name, codelist("ctv3,C10..,a,"))


def test_case_matters_in_read_codes() -> None:
    assert len(parse_codelist("x", codelist("ctv3,XaB..,a,", "ctv3,Xab..,b,")).codes) == 2


@given(st.text("0123456789", min_size=5, max_size=17), st.integers(0, 17), st.integers(1, 9))
def test_verhoeff_finds_every_single_wrong_digit(digits: str, position: int, step: int) -> None:
    good = with_check_digit(digits)
    place = position % len(good)
    wrong = good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]
    assert verhoeff_is_valid(good)
    assert not verhoeff_is_valid(wrong)


@given(st.text("0123456789", min_size=5, max_size=17), st.integers(0, 16))
def test_verhoeff_finds_every_swap_of_neighbours(digits: str, position: int) -> None:
    good = with_check_digit(digits)
    place = position % (len(good) - 1)
    swapped = good[:place] + good[place + 1] + good[place] + good[place + 2 :]
    assert verhoeff_is_valid(swapped) == (swapped == good)
