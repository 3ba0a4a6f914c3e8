//! The world in equirectangular projection: land, unwatched regions as faint dots, watched ones as status shapes with
//! labels that avoid each other, the pair of the plan joined by a dashed arc.
//!
//! `assets/land.bin` is the land of Natural Earth at 1:110 m (public domain), simplified and cut into triangles once:
//! three u16 counts (rings, points, triangles), ring lengths, points as i16 in 1/90 degree, triangles as u16 indices;
//! all little-endian.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Align2, Color32, FontId, Mesh, Pos2, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

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

/// Draws the map into `size`; the result is the portal name of the region that was pressed.
pub fn map<'r>(ui: &mut Ui, size: egui::Vec2, regions: &'r [RegionRow], sought: &Sought<'_>) -> Option<&'r str> {
    // The list of regions beside it does the same by keyboard: Tab passes the map by.
    let (rect, response) = ui.allocate_exact_size(size, Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, sentence(regions)));
    if !ui.is_rect_visible(rect) {
        return None;
    }
    let t = theme::of(ui);
    let p = ui.painter_at(rect);
    let world = Projection::fit(rect);
    land(&p, &world, t);

    let mut watched: Vec<(&RegionRow, Pos2)> = regions
        .iter()
        .filter_map(|r| r.position.map(|(north, east)| (r, world.at(east as f32, north as f32))))
        .collect();
    // The worst last, so that nothing healthy is painted over it.
    watched.sort_by_key(|(r, _)| r.mark.weight());
    let crowded = watched.len() > CROWD;
    let radius = if crowded { 4.5 } else { 6.5 };
    apart(&mut watched, if crowded { 11.0 } else { 19.0 });
    let names: BTreeSet<&str> = regions.iter().map(|r| &*r.region).collect();
    for r in known_regions().iter().filter(|r| !names.contains(&*r.name)) {
        if let (Some(north), Some(east)) = (r.latitude, r.longitude) {
            p.circle_filled(world.at(east as f32, north as f32), 2.2, t.faint.gamma_multiply(0.8));
        }
    }
    let end = |role: &str| watched.iter().find(|(r, _)| r.role == role).map(|(_, at)| *at);
    let arc = end("primary").zip(end("secondary")).map(|(a, b)| pair(&p, a, b, t.accent)).unwrap_or_default();
    for (r, at) in &watched {
        p.circle_filled(*at, radius + 2.0, t.panel);
        let radius = if r.mark == Mark::Ok { radius - 0.5 } else { radius + 0.5 };
        paint_mark(&p, *at, radius, r.mark, t.status(r.mark));
        if sought.chosen == Some(&*r.display) {
            p.circle_stroke(*at, radius + 5.0, Stroke::new(2.0, t.accent));
        }
    }
    // The plan's own choose their place first, then the worst.
    let mut named: Vec<_> = watched.iter().filter(|(r, _)| !crowded || sought.labelled(r)).collect();
    named.sort_by_key(|(r, _)| (r.role.is_empty(), std::cmp::Reverse(r.mark.weight())));
    labels(&p, rect, &watched, &named, &arc, (crowded, radius, t));
    let pointer = response.hover_pos().or(response.interact_pointer_pos())?;
    let near = |at: &Pos2| at.distance(pointer);
    let (r, _) =
        watched.iter().filter(|(_, at)| near(at) < 14.0).min_by(|(_, a), (_, b)| near(a).total_cmp(&near(b)))?;
    ui.ctx().set_cursor_icon(egui::CursorIcon::PointingHand);
    let clicked = response.clicked();
    response.on_hover_text_at_pointer(format!("{}: {} {}", r.display, r.word, r.figure));
    clicked.then_some(&r.display)
}

/// Neighbours whose marks would cover each other are moved apart a little.
fn apart(watched: &mut [(&RegionRow, Pos2)], clear: f32) {
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

/// A dashed arc, bent to the north.
fn pair(p: &egui::Painter, a: Pos2, b: Pos2, color: Color32) -> Vec<Pos2> {
    let lift = a.distance(b) * 0.32;
    let top = a + (b - a) / 2.0 - vec2(0.0, lift);
    const STEPS: u16 = 48;
    let points: Vec<Pos2> = (0..=STEPS)
        .map(|i| {
            let s = f32::from(i) / f32::from(STEPS);
            let (u, v) = (a.lerp(top, s), top.lerp(b, s));
            u.lerp(v, s)
        })
        .collect();
    p.extend(Shape::dashed_line(&points, Stroke::new(1.4, color), 5.0, 4.0));
    points
}

/// Puts each label where it hits neither a mark, nor the arc, nor an earlier label, in their order. In a crowd a
/// label without a place of its own is left out: the list beside the map and the pointer have it.
fn labels(
    p: &egui::Painter,
    rect: Rect,
    watched: &[(&RegionRow, Pos2)],
    named: &[&(&RegionRow, Pos2)],
    arc: &[Pos2],
    (crowded, radius, t): (bool, f32, &Tokens),
) {
    let around = vec2(1.0, 1.0) * (2.0 * radius + 5.0);
    let mut taken: Vec<Rect> = watched.iter().map(|(_, at)| Rect::from_center_size(*at, around)).collect();
    taken.extend(arc.iter().map(|at| Rect::from_center_size(*at, vec2(5.0, 5.0))));
    for (r, at) in named {
        let galley = p.layout_no_wrap(r.display.clone(), FontId::proportional(SMALL), t.text);
        let near = places(radius + 5.5).into_iter();
        let spots: Vec<Rect> =
            near.chain(places(radius + 17.0)).map(|(by, align)| align.anchor_size(*at + by, galley.size())).collect();
        let free = |s: &&Rect| rect.contains_rect(**s) && !taken.iter().any(|o| o.intersects(s.expand(1.0)));
        let fallback = if crowded { None } else { spots.iter().find(|s| rect.contains_rect(**s)) };
        if let Some(spot) = spots.iter().find(free).or(fallback).copied() {
            taken.push(spot);
            p.galley(spot.min, galley, t.text);
        }
    }
}

/// Around a mark, so far away.
fn places(by: f32) -> [(egui::Vec2, Align2); 8] {
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
