import subprocess
import sys

import pandas as pd
import pytest
from probeline.errors import UserError
from probeline.report.formats import exports
from probeline.report.formats.contents import contents
from probeline.report.results import stored
from probeline.report.results.results import Results


def test_an_export_read_back_gives_the_same_report(tmp_path, make, trials, history):
    trials = make.fail(make.fail(trials, 0), 5, "missing", None, None)
    trials["notes"] = [{"collapse": "no view"} if i == 3 else {} for i in range(len(trials))]
    exports.write(Results(trials, history), tmp_path)
    read = stored.read(tmp_path)
    experiment = make.experiment()
    before, after = contents(experiment, Results(trials, history)), contents(experiment, read)
    assert after.answer == before.answer and after.facts == before.facts and after.recipes == before.recipes
    assert [part.tables for part in after.sections] == [part.tables for part in before.sections]
    assert read.trials["notes"].iloc[3] == {"collapse": "no view"}


def test_the_file_alone_is_enough(tmp_path, trials, history):
    exports.write(Results(trials, history), tmp_path)
    (tmp_path / "history.parquet").unlink()
    read = stored.read(tmp_path / "results.parquet")
    assert len(read.trials) == len(trials) and len(read.history) == 0


def test_what_is_no_export_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(UserError, match="probeline report SPEC"):
        stored.read(tmp_path)
    (tmp_path / "results.parquet").write_bytes(b"nothing of the kind")
    with pytest.raises(UserError, match="cannot be read as Parquet"):
        stored.read(tmp_path)
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "results.parquet")
    with pytest.raises(UserError, match="no column 'trial_id'"):
        stored.read(tmp_path)


def test_a_report_from_an_export_loads_no_mlflow_torch_or_ray(tmp_path, trials, history):
    exports.write(Results(trials, history), tmp_path)
    spec = tmp_path / "spec.yaml"
    spec.write_text("name: quickstart\nbase: {data: photos, encoder: resnet, method: simclr}\n")
    code = (
        "import sys; from probeline.cli.app import app\n"
        f"try: app(['report', {str(spec)!r}, '--from', {str(tmp_path)!r}, '--out', {str(tmp_path / 'out')!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print([name for name in ('torch', 'ray', 'mlflow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip().splitlines()[-1] == "[]" and (tmp_path / "out" / "index.html").stat().st_size > 1e6
