//! A run that goes to another laptop: the file, the two places, and the evidence that goes along.

mod evidence;
mod file;
mod live;
mod places;
mod travel;
