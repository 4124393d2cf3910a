"""What the window does about code that a document names and that is not the program's own: it asks whether to trust the document, has
the code read and run by a process of its own, and tells the session what came of it. Nothing is imported before the user has agreed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any, NamedTuple

from PySide6.QtCore import QCoreApplication, QObject, Signal
from PySide6.QtWidgets import QMessageBox, QWidget

from app.jobs import Asker
from app.preferences import Preferences
from app.session import Session
from graph_engine.analysis.fixes import commands
from graph_engine.codegen.foreign import own_file
from graph_engine.data.look import Look
from graph_engine.foreign import questions
from graph_engine.graph.commands import SetParams
from graph_engine.spec.foreign import Question


class _Reading(NamedTuple):
    """The signature at a path is read for a node."""

    node: str
    path: str


class _Looking(NamedTuple):
    """The data set at a path is looked at."""

    path: str
    then: Callable[[Look | str], None]


class Foreign(QObject):
    """Trust in one document, and the questions about its modules.

    Signals:
        trust_changed: `untrusted` may be another.
    """

    trust_changed = Signal()

    def __init__(self, session: Session, asker: Asker, preferences: Preferences, window: QWidget):
        super().__init__(window)
        self._session = session
        self._asker = asker
        self._preferences = preferences
        self._window = window
        session.replaced.connect(self._begin)
        session.checked_changed.connect(self._go_on)
        session.state_changed.connect(self._remember)
        session.wanted.connect(self._on_wanted)
        asker.replied.connect(self._on_reply)
        self._begin()

    @property
    def untrusted(self) -> tuple[str, ...]:
        """Dotted names of the code that must not be run yet."""
        graph = self._session.document
        return tuple(sorted(graph.foreign - graph.answers.trusted))

    def ask_trust(self) -> None:
        """Shows what would be imported, and asks whether it may be."""
        names = self.untrusted
        if not names:
            return
        box = QMessageBox(self._window)
        box.setObjectName("trust")
        box.setIcon(QMessageBox.Icon.NoIcon)
        box.setWindowTitle(self.tr("Trust"))
        box.setText(self.tr("Trust “{0}” and run the code that it names?").format(self._session.title))
        listed = "\n".join(f"{name}   ({origin(name, self._session.document.folder)})" for name in names)
        box.setInformativeText(
            self.tr("This code is not part of Archloom. It runs with your rights, as any program that you start:") + "\n\n" + listed
        )
        button = QMessageBox.StandardButton
        box.setStandardButtons(button.Yes | button.Cancel)
        box.button(button.Yes).setText(self.tr("Trust and Run"))
        box.setDefaultButton(button.Cancel)
        if box.exec() == button.Yes:
            self._session.document.trust()
            self._remember()

    def look(self, values: Mapping[str, Any], *, is_named: bool, then: Callable[[Look | str], None]) -> bool:
        """Has a data set made and looked at.

        Args:
            values: of the parameters of the ``dataset``.
            is_named: the user has named it just now, which says that it is trusted.
            then: receives what was found, or one sentence on why it could not be read.

        Returns:
            Whether it may be run.

        Raises:
            ParamError: a value is outside its limits.
        """
        graph, path = self._session.document, values["path"]
        request = questions.to_look(path, values, graph.folder)
        if is_named:
            graph.answers.trusted.add(path)
        elif path not in graph.answers.trusted:
            self.ask_trust()
        if path not in graph.answers.trusted:
            return False
        self._asker.ask(_Looking(path, then), request)
        return True

    def forget(self) -> None:
        """Has code read anew when it is asked the next time."""
        self._asker.reset()

    def close(self) -> None:
        """Ends the process that runs modules."""
        self._asker.reset()

    def _begin(self) -> None:
        """Another document is open: what was asked of the old one is void."""
        self._asker.reset()
        graph, path = self._session.document, self._session.path
        if path is not None and graph.foreign and self._preferences.trusts(path, graph.foreign):
            graph.trust()
        self._go_on()

    def _go_on(self) -> None:
        """Asks what the check left open, as far as it may."""
        graph = self._session.document
        for question in self._session.report.questions:
            if question.path in graph.answers.trusted:
                known = questions.refused(question)
                if known is None:
                    self._asker.ask(question, questions.to_run(question, graph.folder))
                else:
                    graph.answers.put(question, known)
                    self._session.recheck()
        self.trust_changed.emit()

    def _remember(self) -> None:
        graph, path = self._session.document, self._session.path
        if path is not None and graph.foreign and graph.is_trusted and not self._preferences.trusts(path, graph.foreign):
            self._preferences.remember_trust(path, graph.foreign)

    def _on_wanted(self, what: str, node: str, value: Any) -> None:
        if what == "trust":
            self.ask_trust()
        elif what == "read":
            self._read(node, value)
        elif what == "ask":
            self._ask_again(node)

    def _read(self, node: str, path: str) -> None:
        """Reads the class that the user has named for a node; naming it says that it is trusted."""
        graph = self._session.document
        graph.answers.trusted.add(path)
        self._session.noted.emit(node, self.tr("Reading {0}…").format(path), False)
        self._asker.ask(_Reading(node, path), questions.to_read(path, graph.folder))

    def _ask_again(self, node: str) -> None:
        """Reads and runs the class of a node afresh."""
        graph = self._session.document
        holder = graph.holder(node)
        if holder is None:
            return
        path = holder[node].params["path"]
        if path not in graph.answers.trusted:
            self.ask_trust()
        if path in graph.answers.trusted:
            self._asker.reset()
            graph.answers.forget([path])
            self._read(node, path)
            self._session.recheck()

    def _on_reply(self, key: object, reply: Mapping[str, Any]) -> None:
        if isinstance(key, Question):
            self._take_answer(key, reply)
        elif isinstance(key, _Reading):
            self._take_signature(key, reply)
        elif isinstance(key, _Looking):
            key.then(questions.to_found(key.path, reply))
            self._remember()

    def _take_answer(self, question: Question, reply: Mapping[str, Any]) -> None:
        session = self._session
        asking = [id for id, node in session.report.nodes.items() if node.question == question]
        session.document.answers.put(question, questions.to_answer(question, reply))
        session.recheck()
        self._fit_outputs(asking)

    def _fit_outputs(self, nodes: Iterable[str]) -> None:
        """Gives nodes as many outputs as their modules turned out to have, where no edge is lost by that."""
        session = self._session
        for id in nodes:
            for found in session.report.nodes[id].diagnostics if id in session.document else ():
                if found.code == "module.outputs":
                    fix = found.fixes[0]
                    fitted = session.document[id].spec.fitted({**session.document[id].params, **fix.params})
                    if all(edge.source_port in fitted.output_names for edge in session.document.outgoing(id)):
                        session.execute(commands(session.document, found, fix), graph=session.document)

    def _take_signature(self, reading: _Reading, reply: Mapping[str, Any]) -> None:
        session = self._session
        signature = questions.to_signature(reply)
        if isinstance(signature, str):
            session.noted.emit(reading.node, signature, True)
            return
        session.noted.emit(reading.node, "", False)
        holder = session.document.holder(reading.node)
        if holder is None:
            return
        node = holder[reading.node]
        if (node.params["path"], node.params["signature"]) != (reading.path, signature):
            command = SetParams(node.id, {"path": reading.path, "signature": signature})
            session.execute(command, graph=holder)
        session.recheck()


def origin(name: str, folder: Path | None) -> str:
    """Where the code of a dotted name comes from, in words; a file of the user's own lies in ``folder``."""
    root = name.partition(".")[0]
    if root in sys.stdlib_module_names:
        return QCoreApplication.translate("Foreign", "part of Python")
    file = own_file(root, folder)
    if file is not None:
        return str(file)
    known = packages_distributions().get(root, [])
    if not known:
        return QCoreApplication.translate("Foreign", "not found here")
    return QCoreApplication.translate("Foreign", "package {0}").format(f"{known[0]} {version(known[0])}")
