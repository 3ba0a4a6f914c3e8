//! The few pieces every screen is made of.

pub mod button;
pub mod end;
pub mod layout;
pub mod mark;
pub mod qr;
pub mod table;
pub mod text;

pub use button::{Button, link};
pub use end::{at_end, end_width};
pub use layout::{banner, card, empty, field, hairline, heading, in_line, row, title};
pub use mark::{mark, paint_mark, paint_step, step_mark, verdict};
pub use qr::qr;
pub use text::{body, bold, mono, mono_bold, secondary, small};
