//! The few pieces every screen is made of.

pub mod badge;
pub mod band;
pub mod button;
pub mod change;
pub mod deadline;
pub mod end;
pub mod layout;
pub mod mark;
pub mod qr;
pub mod step;
pub mod table;
pub mod text;

pub use badge::{badge, mode_badge};
pub use band::paint_band;
pub use button::{Button, link};
pub use change::before_after;
pub use deadline::{clock, deadline};
pub use end::{at_end, end_width};
pub use layout::{banner, card, empty, field, hairline, heading, in_line, judged, named_part, row, title};
pub use mark::{mark, paint_mark, paint_step, step_mark, verdict};
pub use qr::qr;
pub use step::paint_step_row;
pub use text::{body, bold, mono, mono_bold, secondary, small};
