"""Shows the scene, moves about in it, and hands what mouse and keys do to the gestures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPixmapCache,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip, QWidget

from app.canvas.accessible import answer_screen_readers
from app.canvas.annotating import Annotating
from app.canvas.arrange import Arrange
from app.canvas.backdrop import paint_backdrop
from app.canvas.bends import Place, with_bend, without_bends
from app.canvas.bookmarks import Bookmarks
from app.canvas.bubble import Bubble
from app.canvas.camera import ZOOM_STEP, Camera
from app.canvas.flash import Flash
from app.canvas.geometry import fresh_layout
from app.canvas.glide import Glide
from app.canvas.growth import room_for
from app.canvas.hand import Hand
from app.canvas.hint import EmptyHint
from app.canvas.interactions import Interaction
from app.canvas.interactions.drop import DropBlock, add_block, centred
from app.canvas.minimap import Minimap
from app.canvas.scene import CanvasScene, CanvasSession
from app.canvas.shares import Measure
from app.canvas.tips import tip
from app.canvas.trail import Trail
from app.canvas.walk import Walk
from app.canvas.wish import Wishes
from app.theme import SPACE, Theme, current
from app.vitals import Mark
from graph_engine.graph.annotation import Annotation
from graph_engine.graph.command import Command
from graph_engine.graph.commands import Macro
from graph_engine.graph.groups import block_named
from graph_engine.graph.node import Form, Position

BEYOND = 50_000.0
"""How far one can scroll away from the cards, in scene units."""
CACHE_KB = 256 * 1024


class CanvasView(QGraphicsView):
    """The canvas of one session.

    Attributes:
        canvas: the scene.
        camera: what part of the scene is in view.
        bubble: the sentence beside the pointer.
        minimap: the overview in the corner.
        hand: what mouse and keys do.
        drop: what a block does that is dragged here.
        focus_ring: shown while the keyboard is here and came by Tab.
        annotating, arrange, walk, wishes, bookmarks: what else can be done with cards and places.

    Signals:
        selection_changed: ids of the selected nodes.
        node_activated: id of a node that was double-clicked.
        zoom_changed: the new zoom, 1 is natural size.
    """

    selection_changed = Signal(object)
    node_activated = Signal(str)
    zoom_changed = Signal(float)

    def __init__(self, session: CanvasSession, theme: Theme | None = None, parent: QWidget | None = None):
        answer_screen_readers()  # before Qt first asks what the widget is, and keeps the answer
        super().__init__(parent)
        QPixmapCache.setCacheLimit(max(QPixmapCache.cacheLimit(), CACHE_KB))
        self.canvas = CanvasScene(session, theme or current(), self)
        self.canvas.about_to_rebuild.connect(self.cancel_gesture)
        self.canvas.selection_changed.connect(self.selection_changed)
        self.canvas.content_changed.connect(self.follow_content)
        self.canvas.sceneRectChanged.connect(self._allow_scrolling)
        session.replaced.connect(self._open)
        session.place_changed.connect(self._go_to_place)
        self._session = session
        self._place: tuple[str, ...] = ()
        self._places: dict[tuple[str, ...], tuple[QPointF, float]] = {}
        self.hand = Hand(self)
        self.drop = DropBlock(self)
        self._keeps_fitting = True
        self.camera = Camera(self)
        self.camera.zoomed.connect(self.zoom_changed)
        self.camera.moved.connect(self.follow)
        self.camera.moved.connect(self._go_elsewhere)
        self._minimap_wanted = True
        self.setScene(self.canvas)
        self._allow_scrolling(self.canvas.sceneRect())
        self._set_up_widget()
        self.minimap = Minimap(self)
        self.hint = EmptyHint(self)
        self.bubble = Bubble(self)
        self.trail = Trail(session, self)
        self.trail.move(SPACE.base, SPACE.base)
        self.focus_ring = QFrame(self)
        self.focus_ring.setProperty("role", "focus")
        self.focus_ring.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.focus_ring.hide()
        self.annotating = Annotating(self)
        self.arrange = Arrange(self)
        self.walk = Walk(self)
        self.wishes = Wishes(self)
        self.bookmarks = Bookmarks(self)
        self.follow_content()

    def _set_up_widget(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.MinimalViewportUpdate)
        self.setOptimizationFlag(QGraphicsView.OptimizationFlag.DontAdjustForAntialiasing)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setMinimumSize(240, 160)
        self.setAccessibleName(self.tr("Network"))

    # looking

    @property
    def zoom(self) -> float:
        """Pixels per scene unit."""
        return self.camera.zoom

    def set_zoom(self, zoom: float) -> None:
        """Zooms at the middle of the view."""
        self.camera.set_zoom(zoom)

    def zoom_in(self) -> None:
        """One step nearer."""
        self.set_zoom(self.zoom * ZOOM_STEP)

    def zoom_out(self) -> None:
        """One step farther away."""
        self.set_zoom(self.zoom / ZOOM_STEP)

    def zoom_reset(self) -> None:
        """To natural size."""
        self.set_zoom(1.0)

    def zoom_to_fit(self, animate: bool = True) -> None:
        """Shows all cards, at natural size at most."""
        self.camera.show_rect(self.canvas.content_rect(), 2 * SPACE.far, animate)

    def zoom_to_selection(self, animate: bool = True) -> None:
        """Shows the selected cards, or all where none is selected."""
        self.camera.show_rect(self.canvas.content_rect(self.canvas.selected_nodes() or None), 2 * SPACE.far, animate)

    def nodes_in_view(self) -> list[str]:
        """Ids of the nodes whose cards are in view and near enough to be shown whole."""
        return [item.node.id for item in self.canvas.nodes_in(self.camera.shown())] if self.zoom >= self.canvas.near else []

    def center_on(self, node: str, animate: bool = True) -> None:
        """Brings a card to the middle."""
        self.camera.go(self.canvas.content_rect([node]).center(), max(self.zoom, self.canvas.near), animate)

    def pointer(self) -> Position:
        """Where the pointer is in the scene, or the middle of what is in view where it is elsewhere."""
        at = self.camera.scene_point(self.hand.place_in_view())
        return at.x(), at.y()

    def reveal(self, node: str) -> None:
        """Selects a node, brings its card to the middle and points at it."""
        self.canvas.select([node])
        self.center_on(node)
        self.flash(node)

    def keep_in_view(self, node: str) -> None:
        """Brings a card to the middle where it is not in view as a whole."""
        if not self.camera.shown().contains(self.canvas.content_rect([node])):
            self.center_on(node)

    def flash(self, node: str) -> None:
        """Points at a card for a moment."""
        Flash(self, node)

    def set_minimap_visible(self, visible: bool) -> None:
        """Shows the minimap whenever not all cards are in view, or never."""
        self._minimap_wanted = visible
        self.follow()

    def glide(self, edit: Callable[[], object]) -> None:
        """Carries out an edit that puts cards elsewhere, and shows them on their way; what was in view as a whole stays in view."""
        scene = self.canvas
        was_whole = self.camera.shown().contains(scene.content_rect())
        nodes = {id: item.position for id, item in scene.nodes.items()}
        frames = {id: item.rect for id, item in scene.annotations.items.items()}
        edit()
        moves = Glide.is_wanted(self, len(nodes))
        if was_whole and not self.camera.shown().contains(scene.content_rect()):
            self.zoom_to_fit(moves)
        if moves:
            Glide(self, nodes, frames)

    def show_shares(self, measure: Measure) -> None:
        """Shows on each card its share of the network's parameters or operations, or neither."""
        self.canvas.shares.show(measure)

    def show_health(self, marks: Mapping[str, Mark]) -> None:
        """Shows on the cards how their nodes fare in training; those that are left out have no mark."""
        self.canvas.health.show(marks)

    def set_theme(self, theme: Theme) -> None:
        """Paints in another theme from now on."""
        self.canvas.set_theme(theme)
        self.hint.refresh()
        self.viewport().update()

    # selection

    def selected_nodes(self) -> tuple[str, ...]:
        """Ids of the selected nodes, in the order in which they were selected."""
        return self.canvas.selected_nodes()

    def selected_edges(self) -> tuple[str, ...]:
        """Ids of the selected edges."""
        return self.canvas.selected_edges()

    def selected_bends(self) -> tuple[Place, ...]:
        """The selected points of edges."""
        return self.canvas.bends.selected

    def bending(self) -> Command | None:
        """The command that adds a point to each selected edge, half way; None without any."""
        made = [with_bend(item, item.middle())[0] for item in map(self.canvas.edges.__getitem__, self.selected_edges())]
        return made[0] if len(made) == 1 else Macro(self.tr("Add points to edges"), made) if made else None

    def unbending(self) -> Command | None:
        """The command that takes the selected points of edges away, but for those of selected edges; None without any."""
        places = [(id, i) for id, i in self.selected_bends() if id not in self.selected_edges()]
        items = [self.canvas.edges[id] for id in dict.fromkeys(id for id, _ in places)]
        return without_bends(items, places) if places else None

    def selected_annotations(self) -> tuple[str, ...]:
        """Ids of the selected frames and notes."""
        return self.canvas.annotations.selected

    def room_for(self, forms: Mapping[str, Form]) -> list[Command]:
        """What makes room for cards that are to have other forms."""
        return room_for(self.canvas, forms)

    def refitted_frames(self, positions: Mapping[str, Position]) -> Mapping[str, Annotation]:
        """Frames as they go around the same nodes when these are elsewhere."""
        return self.annotating.refitted(positions)

    def taken(self, staying: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Ids of the nodes, and of the frames and notes, that an edit takes which is asked for of the selection, without ``staying``."""
        return self.canvas.annotations.taken(self.selected_nodes(), staying)

    def select(self, nodes: Iterable[str], edges: Iterable[str] = (), annotations: Iterable[str] = ()) -> None:
        """Selects these and nothing else."""
        self.canvas.select(tuple(nodes), tuple(edges), tuple(annotations))

    def select_all(self) -> None:
        """Selects every node and edge."""
        self.canvas.select(self.canvas.nodes, self.canvas.edges)

    def add_block(self, block: str) -> str:
        """Adds a node of a block where there is room in view; returns its id."""
        spec = block_named(self.canvas.session.graph, block)
        card = fresh_layout(spec, self.canvas.stage.graph.direction)
        x, y = centred(card, self.camera.shown().center())
        while any(self.canvas.nodes_in(QRectF(x - 8, y - 8, card.width + 16, card.height + 16))):
            y += 96
        return add_block(self, spec, (x, y))

    # gestures

    @property
    def is_space_held(self) -> bool:
        """Whether a drag moves the canvas itself."""
        return self.hand.is_space_held

    @property
    def gesture(self) -> Interaction | None:
        """The gesture that is going on."""
        return self.hand.gesture

    def cancel_gesture(self) -> bool:
        """Takes back the gesture that is going on; false where there is none."""
        return self.hand.cancel()

    def update_drafts(self) -> None:
        """What a gesture shows has changed; from afar Qt does not see that by itself."""
        if self.zoom < self.canvas.near:
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.hand.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hand.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.hand.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.hand.double_click(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.setAccepted(self.hand.key_press(event))

    def focusNextPrevChild(self, forwards: bool) -> bool:
        """Tab enters the selected group, as in other node editors; otherwise it goes on to the next widget."""
        selected = self.selected_nodes()
        if self.gesture is not None:
            return False
        if forwards and len(selected) == 1 and selected[0] in self._session.graph.groups:
            self._session.go((*self._session.place, selected[0]))
            return True
        return super().focusNextPrevChild(forwards)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        event.setAccepted(self.hand.key_release(event))

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.focus_ring.setVisible(event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason))
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.hand.let_go()
        self.focus_ring.hide()
        super().focusOutEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.hand.leave()
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        pixels, modifiers = event.pixelDelta(), event.modifiers()
        is_pad = event.phase() != Qt.ScrollPhase.NoScrollPhase or event.device().type() == QInputDevice.DeviceType.TouchPad
        touchpad = is_pad and not pixels.isNull()
        if touchpad and not modifiers & Qt.KeyboardModifier.ControlModifier:
            self.camera.stop()
            self.camera.pan_by(pixels)
        else:
            turned = event.angleDelta().y() or event.angleDelta().x()
            self.camera.set_zoom(self.zoom * ZOOM_STEP ** (turned / 120), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        # no key may change the network under a gesture that is going on; Esc ends it
        if event.type() == QEvent.Type.ShortcutOverride and self.gesture is not None:
            event.accept()
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            hit = self.hand.hit(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(hit) if self.gesture is None else "", self.viewport())
            return True
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.camera.set_zoom(self.zoom * (1 + event.value()), event.position())
            return True
        return super().viewportEvent(event)

    # dropping blocks

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        _answer(event, self.drop.enter(event))

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        _answer(event, self.drop.move(event))

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop.leave()

    def dropEvent(self, event: QDropEvent) -> None:
        _answer(event, self.drop.drop(event))

    # painting

    def drawBackground(self, painter: QPainter, rect: QRectF | object) -> None:
        assert isinstance(rect, QRectF)
        paint_backdrop(painter, rect, self.canvas.stage.look, self.zoom)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.zoom >= self.canvas.near:
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        painter.setTransform(self.viewportTransform())
        exposed = self.mapToScene(event.rect().adjusted(-2, -2, 2, 2)).boundingRect()
        self.drawBackground(painter, exposed)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self.canvas.annotations.paint(painter, self.zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.canvas.overview.paint(painter, exposed, self.zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        self.canvas.differences.draw(painter, self.zoom)
        for draft in self.canvas.drafts:
            painter.setOpacity(draft.opacity())
            painter.setPen(draft.pen())
            painter.setBrush(draft.brush())
            painter.drawPath(draft.path())
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.hint.centre()
        self.focus_ring.resize(self.size())
        self.minimap.move(self.width() - self.minimap.width() - SPACE.base, self.height() - self.minimap.height() - SPACE.base)
        self._fit()
        self.follow()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        super().scrollContentsBy(dx, dy)
        self.follow()

    # following

    def _open(self) -> None:
        self._place = ()
        self._places.clear()
        self._keeps_fitting = True
        self._fit()

    def _go_to_place(self) -> None:
        """Another graph of the document is shown: as it was when one was there last."""
        left, self._place = self._place, self._session.place
        if not self._keeps_fitting:
            self._places[left] = self.camera.shown().center(), self.zoom
        before = self._places.get(self._place)
        if before is not None:
            self.camera.go(*before, False)
        else:
            self._keeps_fitting = True
            self._fit()
        entered = left[len(self._place)] if left[: len(self._place)] == self._place and len(left) > len(self._place) else None
        if entered is not None and entered in self.canvas.nodes:
            self.canvas.select([entered])
        else:
            self.selection_changed.emit(())

    def _fit(self) -> None:
        """Shows the whole of a document that was opened, until the user goes elsewhere in it."""
        if self._keeps_fitting and self.isVisible():
            self.zoom_to_fit(animate=False)
            self._keeps_fitting = True

    def _go_elsewhere(self) -> None:
        self._keeps_fitting = False

    def _allow_scrolling(self, rect: QRectF) -> None:
        self.setSceneRect(rect.adjusted(-BEYOND, -BEYOND, BEYOND, BEYOND))

    def follow_content(self) -> None:
        """Cards came, went, moved or look different."""
        self.hint.setVisible(not self.canvas.nodes)
        self.minimap.refresh()
        if self.zoom < self.canvas.near:
            self.viewport().update()

    def follow(self) -> None:
        """Another part of the scene is shown, or other cards: the minimap says so."""
        everything = self.canvas.content_rect()
        self.minimap.setVisible(self._minimap_wanted and not everything.isNull() and not self.camera.shown().contains(everything))
        self.minimap.update()


def _answer(event: QDropEvent, wanted: bool) -> None:
    if wanted:
        event.acceptProposedAction()
    else:
        event.ignore()
