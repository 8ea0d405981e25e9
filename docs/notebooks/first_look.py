import marimo

app = marimo.App()


@app.cell
def _():
    import pathlib

    import marimo as mo

    import chronicle as ch

    return ch, mo, pathlib


@app.cell
def _(mo):
    mo.md(
        """
        # First look

        A record is a log of claims: *someone said, on a day, that something was so from
        a day on*. It is read here into memory; nothing is written.
        """
    )


@app.cell
def _(ch, pathlib):
    root = pathlib.Path(__file__).resolve().parents[2]
    log = ch.memory()
    log.import_folder(root / "scenarios" / "syria-2024" / "data")
    return (log,)


@app.cell
def _(mo):
    mo.md("Who held what at the end of a day, as a frame, a row for each settlement:")


@app.cell
def _(log):
    state = log.state(on="2024-12-05")
    frame = state.frame()
    frame.groupby("control").size().sort_values(ascending=False)
    return frame, state


@app.cell
def _(mo):
    mo.md("And as a map. The ring says: changed hands on that day.")


@app.cell
def _(state):
    picture = state.map()
    picture
    return (picture,)


@app.cell
def _(log, mo):
    reasons = log.why("Hama", on="2024-12-05")
    mo.md(f"Why Hama? {reasons.notes[0]}")
    return (reasons,)


@app.cell
def _(log):
    changes = log.diff("2024-12-04", "2024-12-05").frame()
    changes
    return (changes,)


if __name__ == "__main__":
    app.run()
