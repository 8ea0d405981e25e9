import marimo

app = marimo.App()


@app.cell
def _():
    from pathlib import Path

    import marimo as mo

    import chronicle as ch

    root = Path(__file__).resolve().parents[2]
    log = ch.memory()
    log.import_folder(root / "scenarios" / "syria-2024" / "data")
    return log, mo


@app.cell
def _(mo):
    mo.md(
        """
        # What did we know when?

        Three questions about one and the same day, 2 December 2024, and the village of
        Khanasir: what had been published by the evening, a day later, and by now.
        """
    )


@app.cell
def _(log):
    answers = {
        by: log.state(on="2024-12-02", published_by=by).control["khanasir"]
        for by in ("2024-12-02", "2024-12-03", "2024-12-31")
    }
    assert answers["2024-12-02"] == "sna"
    assert answers["2024-12-03"] == "gov"
    answers
    return (answers,)


@app.cell
def _(mo):
    mo.md("The reports, and what the lens made of them on the first evening:")


@app.cell
def _(log):
    why = log.why("Khanasir", on="2024-12-02", published_by="2024-12-02")
    why.frame()[["role", "valid_from", "control", "source", "published", "note"]]
    return (why,)


@app.cell
def _(mo):
    mo.md("All that we say otherwise of that day, a day later:")


@app.cell
def _(log):
    learned = log.diff(
        log.state(on="2024-12-02", published_by="2024-12-02"),
        log.state(on="2024-12-02", published_by="2024-12-03"),
    ).frame()
    learned
    return (learned,)


@app.cell
def _(log, mo):
    by_day = {
        lens: log.state(on="2024-12-02", lens=lens).control["khanasir"]
        for lens in ("latest", "graded", "majority", "cautious")
    }
    mo.md(f"And by lens, as known now: {by_day}")
    return (by_day,)


if __name__ == "__main__":
    app.run()
