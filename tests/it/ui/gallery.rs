//! The gallery has each widget in every state, and nothing on it stands over anything else.

use eframe::egui;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use lifeboat::ui::gallery::Gallery;

fn gallery(width: f32) -> Harness<'static, Gallery> {
    let mut h = Harness::builder().with_size([width, 5_000.0]).build_eframe(|cc| Gallery::new(&cc.egui_ctx));
    h.run();
    h
}

#[test]
fn a_confirm_in_each_state_and_the_notices_stand_in_it() {
    let h = gallery(1280.0);
    let confirms: Vec<bool> = h
        .query_all_by_label("Switch to Sweden Central")
        .filter(|n| n.accesskit_node().role() == egui::accesskit::Role::Button)
        .map(|n| !n.accesskit_node().is_disabled())
        .collect();
    assert_eq!(confirms, [false, false, true], "nothing typed, something else typed, the name typed");
    for words in ["Not the same yet", "Starting the rehearsal …", "The file cannot be read.", "Nothing was changed."]
    {
        assert!(h.query_all_by_label(words).next().is_some(), "{words}");
    }
}

#[test]
fn the_head_of_the_table_stands_below_its_heading() {
    for width in [1280.0, 640.0] {
        let h = gallery(width);
        let (heading, head) = (h.get_by_label("Table").rect(), h.get_by_label("State").rect());
        assert!(heading.bottom() <= head.top() + 1.0, "{heading:?} over {head:?}");
    }
}
