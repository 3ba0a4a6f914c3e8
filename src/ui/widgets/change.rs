//! What was, and what will be.

use eframe::egui::text::{LayoutJob, TextFormat};
use eframe::egui::{self, FontId, Stroke, Ui};

use crate::ui::theme::{self, HAIRLINE, LINE, SMALL};

/// Before struck through and faint, after bold; a value that stays is plain. It can be copied.
pub fn before_after(ui: &mut Ui, before: Option<&str>, after: Option<&str>) {
    let t = theme::of(ui);
    let format = |strong: bool, color| TextFormat {
        font_id: if strong { FontId::new(SMALL, theme::mono_bold()) } else { FontId::monospace(SMALL) },
        color,
        line_height: Some(LINE),
        ..Default::default()
    };
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width();
    job.wrap.break_anywhere = true;
    match (before, after) {
        (b, a) if b == a => job.append(b.unwrap_or("not set"), 0.0, format(false, t.text)),
        (before, after) => {
            let mut struck = format(false, t.secondary);
            struck.strikethrough = Stroke::new(HAIRLINE, t.secondary);
            match before {
                Some(b) => job.append(b, 0.0, struck),
                None => job.append("not there", 0.0, format(false, t.secondary)),
            }
            job.append(" → ", 0.0, format(false, t.secondary));
            job.append(after.unwrap_or("removed"), 0.0, format(true, t.text));
        }
    }
    ui.add(egui::Label::new(job).wrap().selectable(true));
}
