//! What the record promises and what it does not: the same words in help, reports and exports.

/// For people who rely on it.
pub const PROMISE: &str = "\
We promise: any change, deletion, reordering or insertion in the part covered by a checkpoint you hold outside this machine is detected. \
Without one, we detect accidental damage and edits that do not recompute the chain. No Azure action is sent before its intent is on storage \
the operating system reports as durable. Entries shown as saved survive a crash of the app; they survive power loss if the drive honours flush.
We do not promise: that entries are true or complete when a person, a modified app, or malware in your session writes them; detection of \
truncation or rewriting after the last outside checkpoint; legal non-repudiation; correct time beyond your clock, Azure's response dates and \
optional timestamps; protection from someone controlling this machine and every anchor; that nobody acted outside this tool; compliance.";
