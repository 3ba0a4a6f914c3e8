//! Verification of files too big for memory: a window of whole lines at a time, its second part read on another thread.

use crate::record::{Against, File, Flow, Line, Read, Report, Verifying, Walk, Walker, Why, lines, places, torn_from};

/// Bytes of a window, and most of a longer one when no line ends in it. The biggest write has a quarter of that.
const WINDOW: usize = 8 << 20;
const LONGEST: usize = 64 << 20;
/// Parts of a window, in hundredths, that the walking thread reads itself: the other one also fetches the next window.
const OWN: usize = 46;
/// Bytes of a short record.
const SHORT: usize = 400;
/// Enough for the first line of a file.
const FIRST: usize = 128 << 10;

/// One file of a log, wherever it is.
pub trait Source: Sync {
    /// Its number, from 1.
    fn number(&self) -> u64;
    /// Its length.
    fn len(&self) -> u64;
    /// At most `max` bytes from `from` on; fewer only at the end.
    fn read(&self, from: u64, max: usize) -> Result<Vec<u8>, String>;
    /// How much of it is looked at a time.
    fn window(&self) -> usize {
        WINDOW
    }
    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Whole lines of a file, and where they begin; the last of the file may have no end.
struct Window {
    from: usize,
    bytes: Vec<u8>,
}

impl Window {
    fn read(file: &dyn Source, from: usize) -> Result<Self, String> {
        let len = usize::try_from(file.len()).map_err(|_| "too big for this computer".to_owned())?;
        let mut size = file.window();
        loop {
            let mut bytes = file.read(from as u64, size)?;
            if from + bytes.len() >= len {
                return Ok(Self { from, bytes });
            }
            if bytes.len() < size {
                return Err("it became shorter while it was read".to_owned());
            }
            if let Some(end) = bytes.iter().rposition(|b| *b == b'\n') {
                bytes.truncate(end + 1);
                return Ok(Self { from, bytes });
            }
            if size >= LONGEST {
                return Err(format!("no line ends within {} MiB, which no record is long", LONGEST >> 20));
            }
            size *= 2;
        }
    }

    fn end(&self) -> usize {
        self.from + self.bytes.len()
    }

    /// Both parts, each of whole lines.
    fn parts(&self) -> (&[u8], &[u8]) {
        let about = self.bytes.len() / 100 * OWN;
        let cut = self.bytes[about..].iter().position(|b| *b == b'\n').map_or(self.bytes.len(), |at| about + at + 1);
        self.bytes.split_at(cut)
    }
}

/// Lines with their places in the file.
fn placed(bytes: &[u8], from: usize) -> impl Iterator<Item = Line<'_>> + Clone {
    lines(bytes).map(move |l| Line { offset: from + l.offset, ..l })
}

/// As [`crate::record::verify`].
pub fn verify_files(files: &[&dyn Source], against: Against<'_>) -> Result<Report, String> {
    let mut all = Verifying::default();
    let walk = walk_files(files, against.whole, &against.sizes(), &mut |read| all.record(read))?;
    let starts = files.iter().map(|f| f.read(0, FIRST)).collect::<Result<Vec<_>, _>>()?;
    let starts: Vec<&[u8]> = starts.iter().map(Vec::as_slice).collect();
    Ok(all.report(walk, &starts, against))
}

/// As [`crate::record::walk`].
fn walk_files(
    files: &[&dyn Source],
    whole: bool,
    sizes: &[u64],
    visit: &mut dyn FnMut(&Read<'_>),
) -> Result<Walk, String> {
    let mut w = Walker::new(whole, sizes);
    let heads = files.iter().map(|f| f.read(0, FIRST)).collect::<Result<Vec<_>, _>>()?;
    let firsts: Vec<_> = heads.iter().map(|h| lines(h).next().map(|l| l.read())).collect();
    for (source, place) in files.iter().zip(places(&firsts)) {
        let len = usize::try_from(source.len()).map_err(|_| "too big for this computer".to_owned())?;
        let file = File { number: source.number(), len, place };
        w.begin();
        let mut next = Some(Window::read(*source, 0)?);
        while let Some(window) = next.take() {
            let (flow, following) = step(&mut w, &file, *source, &window, visit)?;
            match flow {
                Flow::On => next = following,
                Flow::NextFile => {}
                Flow::End => return Ok(w.end()),
            }
        }
    }
    Ok(w.end())
}

/// One window: this thread reads and walks the first part while another reads the second and fetches what follows.
fn step(
    w: &mut Walker<'_>,
    file: &File,
    source: &dyn Source,
    window: &Window,
    visit: &mut dyn FnMut(&Read<'_>),
) -> Result<(Flow, Option<Window>), String> {
    let (first, second) = window.parts();
    let between = window.from + first.len();
    std::thread::scope(|scope| {
        let other = scope.spawn(move || {
            // Not grown step by step: what it holds is too big to be moved about.
            let mut read: Vec<(Line<'_>, Result<Read<'_>, Why>)> = Vec::with_capacity(second.len() / SHORT);
            read.extend(placed(second, between).map(|l| (l, l.read())));
            let more = window.end() < file.len;
            (read, more.then(|| Window::read(source, window.end())).transpose())
        });
        let mut trouble = None;
        let mut take = |w: &mut Walker<'_>, line: Line<'_>, read: Result<Read<'_>, Why>| {
            let ahead = &mut |next| {
                ahead(source, line.offset, next).unwrap_or_else(|e| {
                    trouble = Some(e);
                    Some(file.len)
                })
            };
            w.line(file, &line, read, ahead, visit)
        };
        let mut flow = Flow::On;
        for line in placed(first, window.from) {
            flow = take(w, line, line.read());
            if flow != Flow::On {
                break;
            }
        }
        let (read, following) = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        for (line, read) in read {
            if flow != Flow::On {
                break;
            }
            flow = take(w, line, read);
        }
        match trouble {
            Some(e) => Err(e),
            None => Ok((flow, following?)),
        }
    })
}

/// [`torn_from`] over the rest of a file, from this place on.
fn ahead(source: &dyn Source, from: usize, next: u64) -> Result<Option<usize>, String> {
    let mut at = from;
    while (at as u64) < source.len() {
        let window = Window::read(source, at)?;
        if let Some(against) = torn_from(placed(&window.bytes, at), next) {
            return Ok(Some(against));
        }
        at = window.end();
    }
    Ok(None)
}
