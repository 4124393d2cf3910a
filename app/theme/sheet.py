"""The one style sheet, made from the tokens.

Widgets ask for a variant with a dynamic property rather than with a style sheet of their own:

    ``role``     of a QPushButton or QToolButton: ``primary``, ``danger``, ``flat``;
                 of a QLabel: ``title``, ``display``, ``heading``, ``muted``, ``faint``, ``mono``, ``error``, ``warning``, ``pill``,
                 ``bubble``;
                 of a QScrollArea: ``plain``, on the ground that it stands on;
                 of a QFrame: ``card``, ``separator``, ``pill``, ``popup``, ``focus``
    ``invalid``  of a field: true where its text is no legal value
"""

from __future__ import annotations

from string import Template

from app.theme.tokens import FAMILY, MONO, RADIUS, SPACE, TYPE, Theme, blend


def style_sheet(theme: Theme) -> str:
    """The style sheet of a theme."""
    sizes = {
        "family": FAMILY, "mono": MONO,
        **TYPE._asdict(), **SPACE._asdict(),
        "r_small": RADIUS.small, "r_field": RADIUS.field, "r_card": RADIUS.card,
    }  # fmt: skip
    colours = {name: getattr(theme, name) for name in theme.__dataclass_fields__}
    colours |= {
        "handle": blend(theme.text_faint, theme.surface, 0.35),
        "handle_hover": blend(theme.text_faint, theme.surface, 0.6),
        "faded": blend(theme.text_muted, theme.surface, 0.5),
        "field": theme.surface if not theme.dark else blend(theme.window, theme.surface, 0.6),
    }
    return Template(_SHEET).substitute({**sizes, **colours})


_SHEET = """
* { outline: none; }
QMainWindow, QDialog { background: $window; }
QDialogButtonBox, QMessageBox { dialogbuttonbox-buttons-have-icons: 0; }
QMessageBox QLabel#qt_msgbox_label { font-size: ${large}px; font-weight: 600; }
QWidget { color: $text; }
QWidget:disabled { color: $faded; }

QToolTip {
    background: $surface_raised; color: $text; border: 1px solid $border; padding: ${tight}px ${near}px;
    font-size: ${body}px;
}

QLabel { background: transparent; }
QLabel[role="display"] { font-size: ${display}px; font-weight: 600; }
QLabel[role="title"] { font-size: ${title}px; font-weight: 600; }
QLabel[role="heading"] { font-size: ${small}px; font-weight: 600; color: $text_muted; }
QLabel[role="muted"] { color: $text_muted; }
QLabel[role="faint"] { color: $text_faint; font-size: ${small}px; }
QLabel[role="mono"] { font-family: "$mono"; }
QLabel[role="error"] { color: $error; }
QLabel[role="warning"] { color: $warning; }

QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: ${r_card}px; }
QFrame[role="card"]:hover { border-color: $border_strong; }
QFrame[role="strip"] { background: $surface; border: none; border-top: 1px solid $border; }
QFrame[role="popup"] { background: $surface_raised; border: 1px solid $border_strong; border-radius: ${r_card}px; }
QFrame[role="popup"] QListView { background: transparent; }
QFrame[role="popup"] QListView::item { min-height: 0; padding: 0; background: transparent; }
QFrame[role="focus"] { background: transparent; border: 2px solid $focus; border-radius: ${r_small}px; }
QFrame[role="notice"] { background: $warning_soft; border: none; border-bottom: 1px solid $border; }
QFrame[role="notice-info"] { background: $info_soft; border: none; border-bottom: 1px solid $border; }
QFrame[role="separator"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="pill"], QLabel[role="pill"] {
    background: $surface_sunken; border-radius: ${near}px; padding: 1px ${near}px; color: $text_muted;
    font-size: ${small}px;
}

QLabel[role="bubble"] {
    background: $surface_raised; color: $error; border: 1px solid $error; border-radius: ${r_field}px; padding: 5px ${near}px;
}

QMenuBar { background: $window; border-bottom: 1px solid $border; padding: ${hair}px ${tight}px; }
QMenuBar::item { background: transparent; padding: ${tight}px ${near}px; border-radius: ${r_small}px; }
QMenuBar::item:selected { background: $surface_sunken; }
QMenuBar::item:pressed { background: $surface_pressed; }
QMenu { background: $surface_raised; border: 1px solid $border; padding: ${tight}px; }
QMenu::item { padding: 5px ${far}px 5px ${near}px; border-radius: ${r_small}px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $faded; background: transparent; }
QMenu::separator { height: 1px; background: $border; margin: ${tight}px ${near}px; }
QMenu::icon { padding-left: ${near}px; }
QMenu::indicator { width: 14px; height: 14px; margin-left: ${tight}px; }
QMenu::right-arrow { image: url(theme:chevron-right-$name.svg); width: 12px; height: 12px; margin-right: ${tight}px; }

QToolBar {
    background: $window; border: none; border-bottom: 1px solid $border; padding: ${tight}px ${near}px;
    spacing: ${hair}px; icon-size: 18px;
}
QToolBar::separator { background: $border; width: 1px; margin: ${tight}px ${tight}px; }
QToolButton {
    background: transparent; border: 1px solid transparent; border-radius: ${r_field}px; padding: 5px;
    color: $text_muted;
}
QToolButton:hover { background: $surface_sunken; color: $text; }
QToolButton:pressed { background: $surface_pressed; }
QToolButton:checked { background: $accent_soft; color: $accent; }
QToolButton:focus { border-color: $focus; }
QToolButton:disabled { color: $faded; }
QToolButton[popupMode="1"] { padding-right: 18px; }
QToolButton[popupMode="2"] { padding-right: 18px; }
QToolButton::menu-button { border: none; width: 16px; }
QToolButton::menu-arrow, QToolButton::menu-indicator { image: url(theme:chevron-down-$name.svg); width: 12px; height: 12px; }
QToolButton::menu-indicator { subcontrol-position: right center; subcontrol-origin: padding; right: 3px; }
QToolButton[role="primary"] { background: $accent; color: $accent_text; font-weight: 600; padding: 5px ${base}px; }
QToolButton[role="primary"]:hover { background: $accent_hover; }
QToolButton[role="primary"]:disabled { background: $surface_sunken; color: $faded; }

QPushButton {
    background: $surface; border: 1px solid $border; border-radius: ${r_field}px; padding: 5px ${base}px;
    min-height: 18px; font-weight: 500;
}
QPushButton:hover { background: $surface_sunken; }
QPushButton:pressed { background: $surface_pressed; }
QPushButton:focus { border-color: $focus; }
QPushButton:disabled { color: $faded; background: transparent; }
QPushButton:default, QPushButton[role="primary"] {
    background: $accent; border-color: $accent; color: $accent_text; font-weight: 600;
}
QPushButton:default:hover, QPushButton[role="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton:default:focus, QPushButton[role="primary"]:focus { border-color: $text; }
QPushButton:default:disabled, QPushButton[role="primary"]:disabled {
    background: $surface_sunken; border-color: $surface_sunken; color: $faded;
}
QPushButton[role="danger"] { color: $error; }
QPushButton[role="danger"]:hover { background: $error_soft; border-color: $error; }
QPushButton[role="flat"] { background: transparent; border-color: transparent; color: $accent; padding: 3px ${near}px; }
QPushButton[role="flat"]:hover { background: $accent_soft; }
QPushButton[role="flat"]:focus { border-color: $focus; }
QPushButton[role="flat"]:disabled { color: $faded; }
QPushButton::menu-indicator {
    image: url(theme:chevron-down-$name.svg); width: 12px; height: 12px; subcontrol-position: right center; right: 6px;
}

QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QAbstractSpinBox, QDateTimeEdit {
    background: $field; border: 1px solid $border; border-radius: ${r_field}px; padding: 3px 6px; min-height: 20px;
    selection-background-color: $selection; selection-color: $text;
}
QPlainTextEdit, QTextEdit, QTextBrowser {
    background: $surface; border: none; selection-background-color: $selection; selection-color: $text;
}
QLineEdit:hover, QAbstractSpinBox:hover, QComboBox:hover { border-color: $border_strong; }
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus, QComboBox:on { border-color: $focus; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled { background: transparent; }
QLineEdit:read-only { background: transparent; }
*[invalid="true"] { border-color: $error; background: $error_soft; }

QAbstractSpinBox QLineEdit, QComboBox QLineEdit { border: none; padding: 0 4px; background: transparent; min-height: 0; }
QAbstractSpinBox { padding-right: 20px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: 18px; border: none; background: transparent;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; margin: 2px 2px 0 0; border-top-right-radius: ${r_small}px; }
QAbstractSpinBox::down-button {
    subcontrol-position: bottom right; margin: 0 2px 2px 0; border-bottom-right-radius: ${r_small}px;
}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover { background: $surface_sunken; }
QAbstractSpinBox::up-arrow { image: url(theme:chevron-up-$name.svg); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url(theme:chevron-down-$name.svg); width: 10px; height: 10px; }

QComboBox { padding-right: 22px; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url(theme:chevron-down-$name.svg); width: 12px; height: 12px; }
QComboBox QAbstractItemView {
    background: $surface_raised; border: 1px solid $border; padding: ${tight}px;
    selection-background-color: $accent_soft; selection-color: $text;
}
QComboBox QAbstractItemView::item { min-height: 24px; padding: 0 ${tight}px; border-radius: ${r_small}px; }

QCheckBox, QRadioButton { spacing: ${near}px; background: transparent; padding: 2px 0; }
QCheckBox::indicator, QRadioButton::indicator, QTreeView::indicator, QListView::indicator, QMenu::indicator:non-exclusive {
    width: 14px; height: 14px; border: 1px solid $border_strong; background: $field;
}
QCheckBox::indicator, QTreeView::indicator, QListView::indicator, QMenu::indicator { border-radius: ${r_small}px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:hover, QRadioButton::indicator:hover { border-color: $accent; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border: 2px solid $focus; width: 12px; height: 12px; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked, QMenu::indicator:non-exclusive:checked {
    background: $accent; border-color: $accent; image: url(theme:check-$name.svg);
}
QCheckBox::indicator:checked:focus, QRadioButton::indicator:checked:focus { border-color: $text; }
QRadioButton::indicator:checked { background: $accent; border-color: $accent; image: url(theme:dot-$name.svg); }
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled { border-color: $border; background: $surface_sunken; }

QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: $surface_pressed; }
QSlider::sub-page:horizontal { height: 4px; border-radius: 2px; background: $accent; }
QSlider::handle:horizontal {
    width: 14px; height: 14px; margin: -6px 0; border-radius: 8px; background: $surface;
    border: 1px solid $border_strong;
}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus { border-color: $accent; }
QProgressBar {
    background: $surface_pressed; border: none; border-radius: 3px; max-height: 6px; min-height: 6px;
    color: transparent;
}
QProgressBar::chunk { background: $accent; border-radius: 3px; }

QDockWidget {
    color: $text_muted; font-size: ${small}px; font-weight: 600; titlebar-close-icon: url(theme:close-$name.svg);
    titlebar-normal-icon: url(theme:float-$name.svg);
}
QDockWidget::title { background: $surface; padding: ${near}px ${base}px; border-bottom: 1px solid $border; text-align: left; }
QDockWidget::close-button, QDockWidget::float-button {
    border: none; background: transparent; padding: 0; border-radius: ${r_small}px; icon-size: 12px;
}
QDockWidget::close-button:hover, QDockWidget::float-button:hover { background: $surface_sunken; }
QDockWidget > QWidget { background: $surface; }
QMainWindow::separator { background: $border; width: 1px; height: 1px; }
QMainWindow::separator:hover { background: $accent; }
QSplitter::handle { background: $border; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QSplitter::handle:hover { background: $accent; }

QTabWidget::pane { border: none; background: $surface; }
QTabBar { background: transparent; qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $text_muted; padding: ${near}px ${base}px 6px ${base}px; border: none;
    border-bottom: 2px solid transparent; font-weight: 500;
}
QTabBar::tab:hover { color: $text; background: $surface_sunken; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }
QTabBar::close-button { image: url(theme:close-$name.svg); }
QTabBar QToolButton { background: $window; border: none; }

QScrollArea { background: transparent; border: none; }
QAbstractScrollArea { background: $surface; border: none; }
QScrollArea[role="plain"] { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }
QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 10px; }
QScrollBar:horizontal { height: 10px; }
QScrollBar::handle { background: $handle; border-radius: 3px; margin: 2px; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::handle:hover { background: $handle_hover; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
    background: transparent; border: none; width: 0; height: 0;
}

QTreeView, QListView, QTableView {
    background: $surface; border: none; alternate-background-color: transparent; show-decoration-selected: 1;
}
QTreeView::item, QListView::item, QTableView::item { min-height: 26px; border: none; padding: 0 ${tight}px; }
QTreeView::item:hover, QListView::item:hover { background: $surface_sunken; }
QTreeView::item:selected, QListView::item:selected, QTableView::item:selected { background: $selection; color: $text; }
QTreeView::branch:hover { background: $surface_sunken; }
QTreeView::branch:selected { background: $selection; }
QTreeView::branch:has-children:closed { image: url(theme:branch-closed-$name.svg); }
QTreeView::branch:has-children:open { image: url(theme:branch-open-$name.svg); }
QHeaderView { background: $surface; }
QHeaderView::section {
    background: $surface; color: $text_muted; font-size: ${small}px; font-weight: 600; border: none;
    border-bottom: 1px solid $border; padding: ${tight}px ${near}px;
}
QTableView { gridline-color: $border; }

QStatusBar { background: $window; border-top: 1px solid $border; color: $text_muted; }
QStatusBar::item { border: none; }
QStatusBar QLabel { color: $text_muted; font-size: ${small}px; padding: 0 ${tight}px; }
QGroupBox { border: none; margin-top: ${far}px; font-weight: 600; }
QGroupBox::title { subcontrol-origin: margin; left: 0; color: $text_muted; }
"""
