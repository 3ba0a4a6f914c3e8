//! The body of an answer: whole, or broken off half way, as an unsteady line or a proxy leaves it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// See the module.
pub struct Body {
    /// What is still to be sent.
    rest: Bytes,
    /// What is promised of it still.
    promised: u64,
    end: End,
}

/// What follows the last byte.
enum End {
    Good,
    /// What was sent leaves first, then the connection ends.
    Flush,
    Broken,
}

impl Body {
    /// All of it.
    pub fn whole(bytes: Bytes) -> Self {
        Self { promised: bytes.len() as u64, rest: bytes, end: End::Good }
    }

    /// Half of it, with the promise of all. An answer without a body has nothing to lose.
    pub fn cut(mut self) -> Self {
        if !self.rest.is_empty() {
            self.rest.truncate(self.rest.len() / 2);
            self.end = End::Flush;
        }
        self
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.rest.is_empty() {
            let bytes = std::mem::take(&mut self.rest);
            self.promised -= bytes.len() as u64;
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.end {
            End::Good => Poll::Ready(None),
            End::Flush => {
                self.end = End::Broken;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            End::Broken => Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && matches!(self.end, End::Good)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
