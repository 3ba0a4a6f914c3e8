//! From state to [`super::snapshot`]: texts ready to show. Pure; one file a screen.

pub mod audit;
pub mod book;
pub mod card;
pub mod cards;
pub mod chart;
pub mod comparison;
pub mod dns;
pub mod draft;
pub mod endpoints;
pub mod forecast;
pub mod frozen;
pub mod gantt;
pub mod green;
pub mod library;
pub mod papers;
pub mod recovery;
pub mod run;
pub mod situation;
pub mod words;
