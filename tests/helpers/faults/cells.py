"""Cells with planted faults in a spec."""


def with_faulty_cells(folder, *faults: str, once: bool = False, more: str = "") -> None:
    spec = folder / "spec.yaml"
    mark = f", once: {folder / 'it_happened'}" if once else ""
    lines = [f"  {fault}: {{method: {{name: my_plugins.faulty, fault: {fault}{mark}}}}}\n" for fault in faults]
    spec.write_text(spec.read_text() + "".join(lines) + more)
