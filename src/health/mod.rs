//! What may be believed: signals, detector, verdict, ladder.
