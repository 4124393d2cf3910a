"""A bar above the canvas while the document names code that may not be run yet."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from app.foreign import Foreign
from app.theme.icons import icon
from app.widgets.notice import NoticeBar

SHOWN = 3
"""Names that the bar tells at most; the dialog tells all."""


class TrustBar(NoticeBar):
    """Says which code waits, with a button that leads to the question. It can be put away until another document is open."""

    def __init__(self, foreign: Foreign, parent: QWidget | None = None):
        self.trust, self.away = QPushButton(), QToolButton()
        super().__init__("shield-warning", (self.trust, self.away), parent)
        self._foreign = foreign
        self._put_away: tuple[str, ...] = ()
        self.trust.setText(self.tr("Trust…"))
        self.trust.clicked.connect(foreign.ask_trust)
        self.away.setIcon(icon("x", "text_muted"))
        self.away.setIconSize(QSize(12, 12))
        self.away.setAutoRaise(True)
        self.away.setToolTip(self.tr("Not now"))
        self.away.setAccessibleName(self.away.toolTip())
        self.away.clicked.connect(self._on_away)
        foreign.trust_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        names = self._foreign.untrusted
        shown = ", ".join(names[:SHOWN]) + (self.tr(" and {0} more").format(len(names) - SHOWN) if len(names) > SHOWN else "")
        self.words.setText(self.tr("This document names code that is not part of Archloom: {0}. It is not run yet.").format(shown))
        self.setVisible(bool(names) and names != self._put_away)

    def _on_away(self) -> None:
        self._put_away = self._foreign.untrusted
        self.hide()
