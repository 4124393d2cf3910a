"""The settings in the training panel: rows that follow from the data, and what is offered for it."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from app.window import MainWindow
from graph_engine.templates import template


def test_each_of_several_targets_has_a_loss_with_a_factor(qtbot: QtBot, window: MainWindow) -> None:
    shown = window.training.forms["training"]
    assert "loss" in shown.form.rows and "losses.cultivar" not in shown.form.rows
    window.documents.new_from(template("two_parts_wine"))
    assert "loss" not in shown.form.rows
    assert shown.form.rows["losses.proline"].label._full == "Loss of proline"
    before = window.session.document.settings
    shown.form.rows["losses.proline"].edited.emit("HuberLoss", object())
    shown.form.nested("losses.proline").rows["factor"].edited.emit(0.25, object())
    settings = window.session.document.settings
    assert {name: (loss.id, loss.params["factor"]) for name, loss in settings.training["losses"].items()} == {
        "proline": ("HuberLoss", 0.25)
    }
    window.session.undo()
    window.session.undo()
    assert window.session.document.settings == before


def test_only_metrics_for_what_is_to_be_told_are_offered(qtbot: QtBot, window: MainWindow) -> None:
    rows = window.training.forms["training"].form.rows
    assert "f1" in rows["metrics"].editor.param.options and "r2" not in rows["metrics"].editor.param.options
    assert rows["best_by"].editor.param.options == ("loss", "accuracy")
    rows["metrics"].edited.emit(("f1", "auroc"), object())
    assert rows["best_by"].editor.param.options == ("loss", "accuracy", "f1", "auroc")
    window.session.undo()
    window.documents.new_from(template("mlp_diabetes"))
    rows = window.training.forms["training"].form.rows
    assert rows["metrics"].editor.param.options == ("mse", "mape", "r2", "explained_variance")


def test_augmentation_is_there_for_pictures_and_where_it_is_to_be_switched_off(qtbot: QtBot, window: MainWindow) -> None:
    section = window.training.sections["augmentation"]
    assert section.isVisibleTo(window.training) and not section.is_open
    form = window.training.forms["augmentation"].form
    form.rows["rotation"].edited.emit("turn", object())
    form.nested("rotation").rows["degrees"].edited.emit(30.0, object())
    assert window.session.document.settings.augmentation["rotation"].params["degrees"] == 30.0
    window.training.forms["data"].form.rows["dataset"].edited.emit("wine", object())
    qtbot.waitUntil(lambda: any(d.code == "data.augmentation" for d in window.session.checked.diagnostics))
    assert section.isVisibleTo(window.training)
    form.rows["rotation"].edited.emit("none", object())
    qtbot.waitUntil(lambda: not section.isVisibleTo(window.training))
    window.session.undo()
    assert window.session.document.settings.augmentation["rotation"].params["degrees"] == 30.0
