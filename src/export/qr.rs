//! Pictures that a telephone or another Lifeboat reads: text in, squares out, and back from a file.
//!
//! What comes back is from elsewhere. Files are bounded before they are read, pictures before they are unpacked, and they
//! are searched on a thread of their own: should a crafted one bring the searcher down, that is one picture that cannot be
//! read.

use std::io::{Cursor, Read};
use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Limits, Luma};
use qrcode::{Color, EcLevel, QrCode};

use super::ExportError;

/// A photo has less.
const MOST_BYTES: u64 = 24 << 20;
/// Pixels a side; a phone's photo has 8,000.
const MOST_PIXELS: u32 = 12_000;
/// Memory that a picture may take when it is unpacked.
const MOST_MEMORY: u64 = 512 << 20;
/// Longer sides are made smaller before they are searched: a code needs no more, and it is fast.
const SEARCHED: u32 = 3_000;
/// Pixels of one square of a saved picture.
const SQUARE: u32 = 6;
/// Light squares around it, as the standard asks.
const MARGIN: u32 = 4;

/// Squares of a picture: how many in a row, and which are dark.
pub type Squares = (usize, Vec<bool>);

/// A text as squares.
pub fn squares(text: &str) -> Result<Squares, ExportError> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| ExportError::TooMuchForPicture)?;
    Ok((code.width(), code.to_colors().into_iter().map(|c| c == Color::Dark).collect()))
}

/// Squares as a PNG file.
pub fn png(width: usize, dark: &[bool]) -> Result<Vec<u8>, ExportError> {
    let side = u32::try_from(width).unwrap_or(u32::MAX).saturating_add(2 * MARGIN);
    if width == 0 || side > 400 || dark.len() != width * width {
        return Err(ExportError::TooMuchForPicture);
    }
    let picture = GrayImage::from_fn(side * SQUARE, side * SQUARE, |x, y| {
        let at = |n: u32| (n / SQUARE).checked_sub(MARGIN).map(|n| n as usize).filter(|n| *n < width);
        let is_dark = at(x).zip(at(y)).is_some_and(|(x, y)| dark[y * width + x]);
        Luma([if is_dark { 0 } else { 255 }])
    });
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, ImageFormat::Png).map_err(|e| ExportError::Picture(e.to_string()))?;
    Ok(out.into_inner())
}

/// Every text that a picture file shows.
pub fn read_file(path: &Path) -> Result<Vec<String>, ExportError> {
    let bad = |e: std::io::Error| ExportError::Picture(format!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(bad)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(bad)?;
    read(bytes)
}

/// Whether these bytes begin as a picture that can be read.
pub fn is_picture(bytes: &[u8]) -> bool {
    matches!(image::guess_format(bytes), Ok(ImageFormat::Png | ImageFormat::Jpeg))
}

/// Every text that a picture shows.
pub fn read(bytes: Vec<u8>) -> Result<Vec<String>, ExportError> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ExportError::Picture("it is too large for a photo".to_owned()));
    }
    let search = std::thread::Builder::new().name("picture".to_owned()).spawn(move || searched(&bytes));
    let search = search.map_err(|e| ExportError::Picture(e.to_string()))?;
    search.join().unwrap_or_else(|_| Err(ExportError::Picture("it is damaged".to_owned())))
}

fn searched(bytes: &[u8]) -> Result<Vec<String>, ExportError> {
    let bad = |e: String| ExportError::Picture(e);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| bad(e.to_string()))?;
    if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
        return Err(bad("it is neither a PNG nor a JPEG".to_owned()));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_PIXELS);
    limits.max_image_height = Some(MOST_PIXELS);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let picture = reader.decode().map_err(|e| bad(e.to_string()))?;
    let large = picture.width().max(picture.height()) > SEARCHED;
    let picture = if large { picture.thumbnail(SEARCHED, SEARCHED) } else { picture };
    Ok(texts(&picture))
}

/// A camera's picture may be too fine, too coarse or too sharp for the searcher: then it is tried again, changed a little.
fn texts(picture: &DynamicImage) -> Vec<String> {
    let (w, h) = (picture.width(), picture.height());
    let half = || picture.thumbnail((w / 2).max(1), (h / 2).max(1));
    let twice = || match w.max(h) {
        small if small <= SEARCHED / 2 => picture.resize(w * 2, h * 2, FilterType::Triangle),
        _ => picture.fast_blur(1.0),
    };
    let mut found = in_grey(&picture.to_luma8());
    for other in [&half as &dyn Fn() -> DynamicImage, &twice] {
        if found.is_empty() {
            found = in_grey(&other().to_luma8());
        }
    }
    found
}

fn in_grey(grey: &GrayImage) -> Vec<String> {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let at = |x: usize, y: usize| grey.as_raw().get(y * width + x).copied().unwrap_or(255);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, at);
    prepared.detect_grids().iter().filter_map(|g| g.decode().ok()).map(|(_, text)| text).collect()
}
