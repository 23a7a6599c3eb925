"""Odd values, keys, numbers and letters that people, programs and enemies write into files."""

NUMBERS = (
    "2", "0.25", "100", "1e-3", "0.5 to 1", "0", "-0", "-1", "1", "00", "+3", "1.", ".5", "1e400", "-1e400",
    "1e308", "1e-320", "1e-400", "nan", "inf", "-inf", "0x10", "1_000", "1,5", "9" * 30, "9" * 5000,
    "0." + "0" * 400 + "1", "1e999999999999", "½", "٣", "１", "²", "−1",
)  # fmt: skip
"""Written in place of a number."""

RANGES = (
    "2 to 3 years", "5 days", "1 week", "x2", "x0.1 to x5", "4 times a week", "0.01 to 500", "-1 to 2",
    "10 to 11 months", "1 to 1", "2 to 1", "0 to 0", "-1 to 1", "0 to 1", "1e300 to 1e308", "1e-320 to 1",
    "1e-300 to 1e300", "1 to", "to 1", "1 to 2 to 3", "nan to inf", "0.9999999999999999 to 1", "x0", "x0 to x1",
    "x1e308", "x-1", "x1 to x1e308", "x", "1 to 2 months", "1 months", "0 days", "1e9 days", "1e-9 days",
    "1e300 years", "1e-300 years", "3 fortnights", "2 year", "once a year", "twice a day", "0 times a month",
    "1e9 times a day", "1e-12 times a year", "1e308 times a day", "30 times a month", "5000 times a month",
    "thrice a month", "1 to 2 times", "rest", "+1", "-2", "+0", "+99999999999999999999", "-" + "9" * 5000,
    "weak|good", "|", "a|a", "x" + "9" * 5000,
)  # fmt: skip
"""Written in place of a range, a duration, a rate, a ratio, a shift or a reading."""

DATES = (
    "2016-02-31", "2015-02-29", "0001-01-01", "0000-00-00", "9999-12-31", "1900-01-01", "2016-6-27",
    "2016-06-27T00:00", "27.6.2016", "２０１６-06-27", "٢٠١٦-٠٦-٢٧", "2016-W01", "today",
)  # fmt: skip
"""Written in place of a date."""

WORDS = (
    "", " ", "a", "-", "--", "a-", "-a", "_", "__proto__", "__class__", "and", "or", "not", "in", "nature", "rest",
    "at", "null", "~", "true", "no", "None", "NaN", "assumed", "assumed:", "path_Z", "Z_level", "time",
    "explanation", "CON", "none of these", "none", "empty", "posterior", "=HYPERLINK(1)", "[/x]", "[bold]",
    "{{ 7 * 7 }}", "<script>", "%s", "%(a)s", "économie", "e\u0301conomie", "İ", "ß", "ﬁ", "Ωμέγα", "экономика",
    "经济", "🐟", "a\u200bb", "\u202eabc", "a\u00a0b", "a\u2028b", "a\u0085b", "a\ufeffb", "\ufffe", "a" * 252,
    "a" * 5000, "a b", "a.b", "a,b", "a:b", "a/b", "a\tb",
)  # fmt: skip
"""Written in place of a name, a level, a key or a sentence."""

FILES = (
    "/etc/passwd", "../record.csv", "case.yaml", "record.csv", "claims.yaml", "loop.csv", "loop.yaml", "folder.csv",
    ".", "..", "", "record.csv/", "./record.csv", "RECORD.CSV", "x" * 300 + ".csv", "x/" * 3000 + "y.csv",
    "~/x.csv", "https://example.org/record.csv", "record.tsv", "record", "/dev/zero", "/dev/stdin",
    "C:\\record.csv", "nul.csv",
)  # fmt: skip
"""Written in place of the name of a file; `loop.csv` and `loop.yaml` are links to themselves."""

CONDITIONS = (
    "tariff == low", "tariff = lo", "tarif = low", "tariff low", "low = tariff", "tariff in (low)", "tariff in ()",
    "not tariff = low", "tariff = low or", "(tariff = low", "tariff = low)", "tariff < low", "tariff > high",
    "price < 3", "not " * 400 + "tariff = low", "not " * 30_000 + "tariff = low",
    "(" * 400 + "tariff = low" + ")" * 400, "(" * 20_000 + "tariff = low", " or ".join(["tariff = low"] * 3000),
    "tariff, from 0 to 1", "price from 0 to 1", "price, from 1 to 1", "price, from 0 to 1e308",
    "price, from nan to 1", "1 - price", "tariff = low and price = low", "posterior(voters) > 0.5", "1 < 2",
    "1 / 0 < 2", "P(tariff = low by 2022-06-01) > 1e-400", "posterior(nobody) > 0",
    "P(tariff = low by 9999-12-31) > 0", "P(tariff = low at 0001-01-01) > 0", "value(approval at 2022-06-01) > 1",
    "moves(ministry cut from 2022-12-31 to 2022-01-01) > 1", "P(tariff = low by 2022-06-01 | do(tariff = low)) > 0",
    "P(tariff = low by 2022-06-01 | record to 2022-07-01) > 0",
    "P(tariff = low by 2022-06-01 | do(bank never cuts)) > 0",
    "P(tariff = low by 2022-06-01 | " + ", ".join(["do(tariff = low)"] * 500) + ") > 0",
    "0 < " + "1 + " * 20_000 + "1",
)  # fmt: skip
"""Written in place of a condition, a feature or a test."""

RAW = (
    "null", "~", "[]", "{}", "[[]]", "[null]", "{a: {}}", "{a: [1, {b: 2}]}", "{null: 1}", "{[a]: 1}", "{? a}",
    "{a: 1, a: 2}", "[a, b]", "[low, low]", "[low]", '""', "''", '"\\uD800"', '"\\uDFFF a"', '"a\\0b"', '"\\x07"',
    '"\\uFEFF"', '"\\n"', '"\\U0010FFFF"', "&a 1", "*a", "&a {b: *a}", "!!python/object:os.system x",
    "!!binary aGk=", "!!int a", "!!float 1", "!x y", "!!set {a}", "!!omap [a: 1]", "{<<: {a: 1}}", "'a", '"a', "[a",
    "{a", "a]", "}", ">", "|", "|+", "@a", "`a`", "%a", "# a", "- a", "? a", ": a", "a: b: c", "--- a", "...",
    "[" * 50 + "]" * 50, "[" * 200 + "]" * 200, "{a: " * 100 + "}" * 100, "[" * 100, "{a: " * 100, "\t", "\x0b",
    "\x85", "<<", "=", "0o17", "1:30", "2016-06-27 10:00:00",
)  # fmt: skip
"""Put into a YAML file as they are."""

BYTES = (
    b"\xff", b"\x80", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x00", b"\x07", b"\x1b[31m", b"\x7f",
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xc2\x85", b"\xe2\x80\xa8", b"\xc2\xa0", b"\t", b"\r", b"\r\n", b"\n", b"\n\n",
    b" ", b"'", b'"', b'""', b"`", b"[", b"]", b"{", b"}", b"(", b")", b"<", b">", b"|", b"&a ", b"*a ", b"!", b"%",
    b"@", b"#", b" #", b":", b": ", b"-", b"- ", b"?", b",", b";", b"=", b"\\", b"/", b"---\n", b"\n---\n",
    b"\n...\n", b"%YAML 1.1\n---\n", b"\xf0\x9f\x90\x9f", b"0", b"9" * 400,
)  # fmt: skip
"""Put into any file anywhere."""
