r"""The tables as LaTeX for a paper: booktabs, one `table` each, ready to \input."""

import re

from probeline.report.formats.contents import Contents
from probeline.report.tables.tables import Entry, Table
from probeline.storage.markdown_text import one_line

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "[": "{[}", "]": "{]}", "*": "{*}", "`": r"\textasciigrave{}",  # \\ and \midrule take what follows for an option
    "|": r"\textbar{}", '"': "''", "−": "$-$", "—": "---", "\u00a0": "~", "…": r"\ldots{}", "±": r"$\pm$",
}  # fmt: skip


def render(page: Contents) -> str:
    """Every table of the page; needs the package booktabs, and an engine that knows the letters of its names."""
    tables = [one for part in page.sections for one in part.tables if one.rows and one.columns]
    tables += [one for part in page.sections for each in part.galleries for one in each.tables]
    head = (
        f"% {_line(page.title)}: tables of a Probeline report. Needs \\usepackage{{booktabs}}.\n"
        "% Names in other than Latin letters need LuaLaTeX or XeLaTeX and a font that has them.\n"
    )
    return head + "\n".join(table(one) for one in tables)


def table(content: Table) -> str:
    r"""A `table` with \toprule, \midrule and \bottomrule; intervals stand smaller behind their number."""
    columns = "".join("r" if i in content.numeric else "l" for i in range(len(content.columns)))
    rows = "\n".join(" & ".join(_entry(entry) for entry in row) + r" \\" for row in content.rows)
    heads = " & ".join(safe(name) for name in content.columns)
    return (
        f"\\begin{{table}}\n\\centering\n\\caption{{{safe(content.caption)}}}\n\\label{{tab:{_label(content.name)}}}\n"
        f"\\begin{{tabular}}{{{columns}}}\n\\toprule\n{heads} \\\\\n\\midrule\n{rows}\n\\bottomrule\n"
        "\\end{tabular}\n\\end{table}\n"
    )


def safe(value: object) -> str:
    """Text that LaTeX sets as it is: one line, every special character escaped, no control characters."""
    return re.sub("-(?=-)", "-{}", "".join(SPECIAL.get(c, c) for c in _line(value)))  # -- would become a dash


def _line(value: object) -> str:
    return one_line(value).strip()


def _label(name: str) -> str:
    return re.sub("[^A-Za-z0-9-]", "-", name)


def _entry(entry: Entry) -> str:
    return f"{safe(entry.text)} {{\\footnotesize {safe(entry.small)}}}" if entry.small else safe(entry.text)
