//! The world in equirectangular projection: land, unwatched regions as faint dots, watched ones as status shapes with
//! labels that avoid each other, the pair of the plan joined by a dashed arc.
//!
//! `assets/land.bin` is the land of Natural Earth at 1:110 m (public domain), simplified and cut into triangles once:
//! three u16 counts (rings, points, triangles), ring lengths, points as i16 in 1/90 degree, triangles as u16 indices;
//! all little-endian.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Align2, FontId, Mesh, Pos2, Rect, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::theme::{self, SMALL, Tokens};
use super::widgets::paint_mark;
use crate::desk::snapshot::{Mark, RegionRow};
use crate::units::known_regions;

struct Land {
    /// Degrees east and north.
    points: Vec<(f32, f32)>,
    rings: Vec<usize>,
    triangles: Vec<u32>,
}

static LAND: LazyLock<Land> = LazyLock::new(|| read(include_bytes!("../../assets/land.bin")).unwrap_or_else(nothing));

fn nothing() -> Land {
    Land { points: Vec::new(), rings: Vec::new(), triangles: Vec::new() }
}

fn read(bytes: &[u8]) -> Option<Land> {
    let mut words = bytes.chunks_exact(2).map(|b| u16::from_le_bytes([b[0], b[1]]));
    let mut next = || words.next();
    let (rings, points, triangles) = (next()?, next()?, next()?);
    let rings = (0..rings).map(|_| next().map(usize::from)).collect::<Option<_>>()?;
    let mut degree = || next().map(|w| f32::from(w.cast_signed()) / 90.0);
    let points = (0..points).map(|_| Some((degree()?, degree()?))).collect::<Option<_>>()?;
    let triangles = (0..usize::from(triangles) * 3).map(|_| next().map(u32::from)).collect::<Option<_>>()?;
    Some(Land { points, rings, triangles })
}

/// North and south end of what is shown: nobody serves from the poles.
const NORTH: f32 = 76.0;
const SOUTH: f32 = -54.0;
const WEST: f32 = -170.0;
const EAST: f32 = 180.0;
/// A degree north is drawn this much longer than a degree east, which suits the middle latitudes.
const STRETCH: f32 = 1.12;

struct Projection {
    rect: Rect,
    scale: f32,
}

impl Projection {
    fn fit(rect: Rect) -> Self {
        let scale = (rect.width() / (EAST - WEST)).min(rect.height() / ((NORTH - SOUTH) * STRETCH));
        let size = vec2((EAST - WEST) * scale, (NORTH - SOUTH) * scale * STRETCH);
        Self { rect: Rect::from_center_size(rect.center(), size), scale }
    }
    fn at(&self, east: f32, north: f32) -> Pos2 {
        let (x, y) = ((east - WEST) * self.scale, (NORTH - north) * self.scale * STRETCH);
        pos2(self.rect.left() + x, self.rect.top() + y)
    }
}

/// Height over width that shows the whole of it.
pub const SHAPE: f32 = (NORTH - SOUTH) * STRETCH / (EAST - WEST);

/// More watched regions than this, and only those have a label that someone looks for.
const CROWD: usize = 12;

/// Which regions are looked for, beside those that are not well and those of the plan.
#[derive(Default)]
pub struct Sought<'a> {
    /// The one whose endpoints are listed, by its portal name.
    pub chosen: Option<&'a str>,
    /// Those of pinned endpoints, by their portal names.
    pub pinned: &'a [String],
}

impl Sought<'_> {
    fn labelled(&self, r: &RegionRow) -> bool {
        r.mark != Mark::Ok || !r.role.is_empty() || self.chosen == Some(&*r.display) || self.pinned.contains(&r.display)
    }
}

/// Where everything of the map comes to lie, before anything is painted.
pub struct Laid {
    world: Projection,
    /// Watched regions by their place in the list, the worst last: nothing healthy is painted over it.
    pub marks: Vec<(usize, Pos2)>,
    /// Regions that nobody watches.
    pub dots: Vec<Pos2>,
    /// The names that found a place of their own.
    pub labels: Vec<Label>,
    arc: Vec<Pos2>,
    /// Of a mark.
    pub radius: f32,
}

/// A name beside its mark.
pub struct Label {
    /// Place of its region in the list.
    pub region: usize,
    /// Where it stands.
    pub rect: Rect,
    /// From the mark to a name that does not touch it.
    pub leader: Option<[Pos2; 2]>,
}

/// Lays the map out; `wide` measures a name.
pub fn lay(rect: Rect, regions: &[RegionRow], sought: &Sought<'_>, mut wide: impl FnMut(&str) -> Vec2) -> Laid {
    let world = Projection::fit(rect);
    let mut marks: Vec<(usize, Pos2)> = regions
        .iter()
        .enumerate()
        .filter_map(|(i, r)| r.position.map(|(north, east)| (i, world.at(east as f32, north as f32))))
        .collect();
    marks.sort_by_key(|(i, _)| regions[*i].mark.weight());
    let crowded = marks.len() > CROWD;
    let radius = if crowded { 4.5 } else { 6.5 };
    apart(&mut marks, if crowded { 11.0 } else { 19.0 });
    let names: BTreeSet<&str> = regions.iter().map(|r| &*r.region).collect();
    let unwatched = known_regions().iter().filter(|r| !names.contains(&*r.name));
    let dots: Vec<Pos2> = unwatched
        .filter_map(|r| r.latitude.zip(r.longitude).map(|(north, east)| world.at(east as f32, north as f32)))
        .collect();
    let end = |role: &str| marks.iter().find(|(i, _)| regions[*i].role == role).map(|(_, at)| *at);
    let arc = end("primary").zip(end("secondary")).map(|(a, b)| bent(a, b)).unwrap_or_default();
    // The plan's own choose their place first, then the worst.
    let mut named: Vec<_> = marks.iter().copied().filter(|(i, _)| !crowded || sought.labelled(&regions[*i])).collect();
    named.sort_by_key(|(i, _)| (regions[*i].role.is_empty(), std::cmp::Reverse(regions[*i].mark.weight())));
    let mut laid = Laid { world, marks, dots, labels: Vec::new(), arc, radius };
    for (region, at) in named {
        let label = laid.place(rect, region, at, wide(&regions[region].display));
        laid.labels.extend(label);
    }
    laid
}

impl Laid {
    /// A place where the name hits neither a mark, nor the arc, nor an earlier name, and is nearest to its own mark; a name
    /// without one is left out: the list beside the map and the pointer have it.
    fn place(&self, rect: Rect, region: usize, at: Pos2, size: Vec2) -> Option<Label> {
        let others = || self.marks.iter().filter(|(i, _)| *i != region).map(|(_, at)| *at);
        let hits = |area: Rect| {
            self.marks.iter().any(|(_, m)| area.distance_to_pos(*m) < self.radius + 2.5)
                || self.arc.iter().any(|a| area.distance_to_pos(*a) < 3.0)
                || self.labels.iter().any(|l| {
                    l.rect.expand2(vec2(6.0, 1.0)).intersects(area)
                        || l.leader.is_some_and(|line| along(line).any(|p| area.distance_to_pos(p) < 3.0))
                })
        };
        let free = |label: &Label| {
            let own = label.rect.distance_to_pos(at);
            let led = label.leader.is_none_or(|line| {
                let crossed = |p: Pos2| {
                    others().any(|m| m.distance(p) < self.radius + 2.0)
                        || self.labels.iter().any(|l| l.rect.expand(2.0).contains(p))
                };
                !along(line).any(crossed)
            });
            rect.contains_rect(label.rect)
                && !hits(label.rect)
                && others().all(|m| label.rect.distance_to_pos(m) >= own + CLEARER)
                && led
        };
        let spot = |by: f32| places(by).map(|(by, align)| align.anchor_size(at + by, size));
        let near = spot(self.radius + 5.5).map(|rect| Label { region, rect, leader: None });
        let far = [17.0, 28.0].into_iter().flat_map(|by| spot(self.radius + by)).map(|rect| {
            let to = rect.clamp(at);
            let from = at + (to - at).normalized() * (self.radius + 3.0);
            Label { region, rect, leader: Some([from, to]) }
        });
        // A dot under a name is a small harm: it only decides between places that are free.
        let harm = |l: &Label| self.dots.iter().filter(|d| l.rect.expand(2.0).contains(**d)).count();
        let (near, far) = (near.into_iter().filter(free), far.filter(free));
        near.min_by_key(harm).or_else(|| far.min_by_key(harm))
    }
}

/// So much nearer to its own mark than to any other a name lies.
const CLEARER: f32 = 1.5;

fn along([a, b]: [Pos2; 2]) -> impl Iterator<Item = Pos2> {
    (0..=8_u8).map(move |i| a.lerp(b, f32::from(i) / 8.0))
}

/// Draws the map into `size`; the result is the portal name of the region that was pressed.
pub fn map<'r>(ui: &mut Ui, size: Vec2, regions: &'r [RegionRow], sought: &Sought<'_>) -> Option<&'r str> {
    // The list of regions beside it does the same by keyboard: Tab passes the map by.
    let (rect, response) = ui.allocate_exact_size(size, Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, sentence(regions)));
    if !ui.is_rect_visible(rect) {
        return None;
    }
    let t = theme::of(ui);
    let p = ui.painter_at(rect);
    let name = |name: &str| p.layout_no_wrap(name.to_owned(), FontId::proportional(SMALL), t.text);
    let laid = lay(rect, regions, sought, |text| name(text).size());
    land(&p, &laid.world, t);
    for at in &laid.dots {
        p.circle_filled(*at, 2.2, t.faint.gamma_multiply(0.8));
    }
    p.extend(Shape::dashed_line(&laid.arc, Stroke::new(1.4, t.accent), 5.0, 4.0));
    for (i, at) in &laid.marks {
        let (r, radius) = (&regions[*i], laid.radius);
        p.circle_filled(*at, radius + 2.0, t.panel);
        paint_mark(&p, *at, if r.mark == Mark::Ok { radius - 0.5 } else { radius + 0.5 }, r.mark, t.status(r.mark));
        if sought.chosen == Some(&*r.display) {
            p.circle_stroke(*at, radius + 5.0, Stroke::new(2.0, t.accent));
        }
    }
    for label in &laid.labels {
        if let Some(line) = label.leader {
            p.line_segment(line, Stroke::new(1.0, t.secondary));
        }
        p.galley(label.rect.min, name(&regions[label.region].display), t.text);
    }
    let pointer = response.hover_pos().or(response.interact_pointer_pos())?;
    let near = |at: &Pos2| at.distance(pointer);
    let (i, _) =
        laid.marks.iter().filter(|(_, at)| near(at) < 14.0).min_by(|(_, a), (_, b)| near(a).total_cmp(&near(b)))?;
    let r = &regions[*i];
    ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    let clicked = response.clicked();
    response.on_hover_text_at_pointer(format!("{}: {} {}", r.display, r.word, r.figure));
    clicked.then_some(&r.display)
}

/// Neighbours whose marks would cover each other are moved apart a little.
fn apart(watched: &mut [(usize, Pos2)], clear: f32) {
    for _ in 0..4 {
        for i in 0..watched.len() {
            for j in i + 1..watched.len() {
                let between = watched[j].1 - watched[i].1;
                let missing = clear - between.length();
                if missing > 0.0 {
                    let way = if between.length() < 0.1 { vec2(1.0, 0.0) } else { between.normalized() };
                    watched[i].1 -= way * (missing / 2.0);
                    watched[j].1 += way * (missing / 2.0);
                }
            }
        }
    }
}

fn sentence(regions: &[RegionRow]) -> String {
    let all: Vec<String> = regions.iter().map(|r| format!("{} {}", r.display, r.mark.word())).collect();
    format!("Map of regions: {}", all.join(", "))
}

fn land(p: &egui::Painter, world: &Projection, t: &Tokens) {
    let land = &*LAND;
    let (fill, line) = (t.raised, t.line.gamma_multiply(0.9));
    let at: Vec<Pos2> = land.points.iter().map(|(e, n)| world.at(*e, *n)).collect();
    let mut mesh = Mesh { indices: land.triangles.clone(), ..Default::default() };
    mesh.vertices.extend(at.iter().map(|pos| egui::epaint::Vertex {
        pos: *pos,
        uv: egui::epaint::WHITE_UV,
        color: fill,
    }));
    if mesh.is_valid() {
        p.add(Shape::mesh(mesh));
    }
    let mut from = 0;
    for len in &land.rings {
        let Some(ring) = at.get(from..from + len) else { return };
        from += len;
        p.add(Shape::closed_line(ring.to_vec(), Stroke::new(0.8, line)));
    }
}

/// From one end of the pair to the other, bent to the north.
fn bent(a: Pos2, b: Pos2) -> Vec<Pos2> {
    let lift = a.distance(b) * 0.32;
    let top = a + (b - a) / 2.0 - vec2(0.0, lift);
    const STEPS: u16 = 48;
    let at = |i: u16| {
        let s = f32::from(i) / f32::from(STEPS);
        let (u, v) = (a.lerp(top, s), top.lerp(b, s));
        u.lerp(v, s)
    };
    (0..=STEPS).map(at).collect()
}

/// Around a mark, so far away.
fn places(by: f32) -> [(Vec2, Align2); 8] {
    [
        (vec2(by, 0.0), Align2::LEFT_CENTER),
        (vec2(-by, 0.0), Align2::RIGHT_CENTER),
        (vec2(by - 2.0, -by), Align2::LEFT_BOTTOM),
        (vec2(0.0, by), Align2::CENTER_TOP),
        (vec2(2.0 - by, by), Align2::RIGHT_TOP),
        (vec2(0.0, -by), Align2::CENTER_BOTTOM),
        (vec2(by - 2.0, by), Align2::LEFT_TOP),
        (vec2(2.0 - by, -by), Align2::RIGHT_BOTTOM),
    ]
}
