//! Where the names on the map stand: beside their own mark, and over nothing.

use eframe::egui::{Pos2, Rect, Vec2, pos2, vec2};
use lifeboat::desk::snapshot::{RegionRow, Situation};
use lifeboat::ui::map::{Laid, Sought, lay};

use super::situations;

/// About as wide as the letters of the window.
fn wide(text: &str) -> Vec2 {
    vec2(text.chars().count() as f32 * 6.6, 16.0)
}

fn laid(regions: &[RegionRow], size: Vec2) -> Laid {
    lay(Rect::from_min_size(pos2(10.0, 20.0), size), regions, &Sought::default(), wide)
}

fn sizes() -> [Vec2; 4] {
    [vec2(430.0, 180.0), vec2(660.0, 275.0), vec2(900.0, 375.0), vec2(660.0, 200.0)]
}

fn samples() -> [Situation; 3] {
    [situations::large(60, 1_000), situations::large(24, 200), situations::down()]
}

#[test]
fn no_name_lies_over_a_mark_or_a_name_and_each_is_nearest_to_its_own_mark() {
    for s in samples() {
        let regions = &s.regions;
        for size in sizes() {
            let map = laid(regions, size);
            for (n, label) in map.labels.iter().enumerate() {
                let name = &regions[label.region].display;
                let far = |at: Pos2| label.rect.distance_to_pos(at);
                let own = map.marks.iter().find(|(i, _)| *i == label.region).map(|(_, at)| far(*at)).unwrap();
                for (i, at) in &map.marks {
                    let other = &regions[*i].display;
                    assert!(far(*at) > map.radius, "{name} over the mark of {other} in {size:?}");
                    assert!(*i == label.region || far(*at) > own, "{name} nearer to {other} in {size:?}");
                }
                for l in &map.labels[n + 1..] {
                    assert!(!l.rect.intersects(label.rect), "{name} over another name in {size:?}");
                }
                let beside = own <= map.radius + 10.0;
                assert!(beside || label.leader.is_some(), "nothing leads from its mark to {name}");
            }
        }
    }
}

#[test]
fn where_there_is_room_every_name_is_there() {
    let s = situations::down();
    for size in sizes() {
        let map = laid(&s.regions, size);
        assert_eq!(map.labels.len(), map.marks.len(), "{size:?}");
    }
    let crowd = situations::large(60, 1_000);
    let map = laid(&crowd.regions, vec2(660.0, 275.0));
    assert!(map.labels.len() >= 5, "{} names in the crowd", map.labels.len());
}
