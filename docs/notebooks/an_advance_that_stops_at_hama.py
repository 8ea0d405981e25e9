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
    log.import_folder(root / "scenarios" / "syria-2024" / "elsewhere")
    return ch, log, mo, root


@app.cell
def _(mo):
    mo.md(
        """
        # An advance that stops at Hama

        A what-if: neither a record nor a prediction to act on. From the evening of
        30 November 2024, with what had been published by then, the front runs forward;
        in the other arm a siege of Hama lasts three days longer.
        """
    )


@app.cell
def _(ch, log, root):
    run = ch.run_scenario(
        root / "scenarios" / "hama-holds.toml", log, replicas=20, engine="heap"
    )
    return (run,)


@app.cell
def _(mo, run):
    from chronicle.report.sentences import answer, trust

    said = answer(run)
    mo.md("\n".join(f"- {sentence}" for sentence in (*said, *trust(run))))
    return (said,)


@app.cell
def _(mo):
    mo.md("When each place falls in the baseline, with what the record says beside it:")


@app.cell
def _(run):
    frame = run.frame()
    frame[["name", "chance", "p05", "p50", "p95", "recorded"]].head(12)
    return (frame,)


@app.cell
def _(run):
    compared = run.compared("hama-holds").frame()
    compared.head(12)
    return (compared,)


@app.cell
def _(mo, run):
    from chronicle.report.charts import fallen_chart

    mo.Html(fallen_chart(run))


if __name__ == "__main__":
    app.run()
