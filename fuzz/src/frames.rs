//! Batches of frames, of both directions: whatever comes, reading ends, gives no more than came, and what it gave is
//! written and read again as it was.

use bowline_protocol::codec::{BatchReader, BatchWriter, Frame, Framed};
use bowline_protocol::{ClientFrame, ServerFrame};
use bytes::Bytes;

/// What a server reads.
pub fn client(data: &[u8]) {
    read::<ClientFrame>(data);
}

/// What a page, or a server of its keeper, reads.
pub fn server(data: &[u8]) {
    read::<ServerFrame>(data);
}

fn read<F: Frame + PartialEq + std::fmt::Debug>(data: &[u8]) {
    let batch = Bytes::copy_from_slice(data);
    let frames: Vec<Framed<F>> = BatchReader::new(batch).map_while(Result::ok).collect();
    let payloads: usize = frames.iter().map(|framed| framed.payload.len()).sum();
    assert!(payloads <= data.len(), "more came out than in");
    let mut writer = BatchWriter::default();
    for framed in &frames {
        writer.push_parts(&framed.frame, std::slice::from_ref(&framed.payload));
    }
    let again: Result<Vec<Framed<F>>, _> = BatchReader::new(writer.take()).collect();
    assert_eq!(again.as_ref(), Ok(&frames));
}
