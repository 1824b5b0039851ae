from probeline.report.formats import latex
from probeline.report.formats.contents import contents
from probeline.report.results.results import Results
from probeline.report.tables.tables import Entry, Table


def test_tables_are_booktabs_with_a_column_for_each(make, trials, history):
    text = latex.render(contents(make.experiment(), Results(trials, history)))
    assert text.count("\\toprule") == text.count("\\bottomrule") == text.count("\\begin{table}") >= 3
    row = next(line for line in text.splitlines() if line.startswith("simclr batch\\_size=64"))
    assert row.endswith("\\\\") and "{\\footnotesize" in row and "\\%" in row


def test_special_characters_are_set_as_they_are():
    hostile = "\\input{/etc/passwd} 100% $x_1^2$ {a} #1 & ~\n\\end{table}"
    content = latex.table(Table("t", hostile, (hostile,), ((Entry(hostile),),)))
    assert "\\input" not in content.replace("\\textbackslash{}input", "") and "\n\\end{table}\n" in content
    assert content.count("\\end{table}") == 1 and "\\textbackslash{}end\\{table\\}" in content


def test_what_latex_would_read_otherwise_is_set_as_it_is():
    assert latex.safe("a--b---c") == "a-{}-b-{}-{}-c", "no dashes for hyphens"
    assert latex.safe("?`no` [x] *") == r"?\textasciigrave{}no\textasciigrave{} {[}x{]} {*}"
    assert latex.safe("one\ntwo\u2028three\u202e") == "one two three"
    content = latex.table(Table("a/b}\\x", "c", ("[h]",), ((Entry("[0.1, 0.2]"),), (Entry("*"),))))
    assert "\\label{tab:a-b--x}" in content and "\n{[}0.1, 0.2{]} \\\\\n{*} \\\\" in content
