r"""The tables as LaTeX for a paper: booktabs, one `table` each, ready to \input."""

import unicodedata

from probeline.report.contents import Contents
from probeline.report.tables import Entry, Table

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "−": "$-$", "—": "---", "\u00a0": "~", "…": r"\ldots{}", "±": r"$\pm$",
}  # fmt: skip


def render(page: Contents) -> str:
    """Every table of the page; needs the package booktabs and UTF-8, which LaTeX reads by default."""
    tables = [one for part in page.sections for one in part.tables if one.rows and one.columns]
    tables += [one for part in page.sections for each in part.galleries for one in each.tables]
    head = f"% {_line(page.title)}: tables of a Probeline report. Needs \\usepackage{{booktabs}}.\n"
    return head + "\n".join(table(one) for one in tables)


def table(content: Table) -> str:
    r"""A `table` with \toprule, \midrule and \bottomrule; intervals stand smaller behind their number."""
    columns = "".join("r" if i in content.numeric else "l" for i in range(len(content.columns)))
    rows = "\n".join(" & ".join(_entry(entry) for entry in row) + r" \\" for row in content.rows)
    heads = " & ".join(safe(name) for name in content.columns)
    return (
        f"\\begin{{table}}\n\\centering\n\\caption{{{safe(content.caption)}}}\n\\label{{tab:{content.name}}}\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{heads} \\\\\n\\midrule\n{rows}\n\\bottomrule\n"
        "\\end{tabular}\n\\end{table}\n"
    )


def safe(value: object) -> str:
    """Text that LaTeX sets as it is: one line, every special character escaped, no control characters."""
    return "".join(SPECIAL.get(c, c) for c in _line(value))


def _line(value: object) -> str:
    return "".join(" " if unicodedata.category(c) in ("Cc", "Cf") else c for c in str(value)).strip()


def _entry(entry: Entry) -> str:
    return f"{safe(entry.text)} {{\\footnotesize {safe(entry.small)}}}" if entry.small else safe(entry.text)
