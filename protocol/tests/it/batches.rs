//! Batches survive the way, and rubbish is an error, never a panic.

use bowline_protocol::codec::{BatchReader, BatchWriter, DecodeError, Framed};
use bowline_protocol::{ClientFrame, ServerFrame, SessionId};
use bytes::{BufMut, Bytes, BytesMut};
use proptest::prelude::*;

fn output(offset: u64, payload: Vec<u8>) -> Framed<ServerFrame> {
    Framed {
        frame: ServerFrame::Output {
            session: SessionId::from_bytes([7; 16]),
            offset,
        },
        payload: payload.into(),
    }
}

fn write(frames: &[Framed<ServerFrame>]) -> Bytes {
    let mut writer = BatchWriter::default();
    for framed in frames {
        writer.push_parts(&framed.frame, std::slice::from_ref(&framed.payload));
    }
    writer.take()
}

#[test]
fn an_unknown_frame_is_skipped() {
    let mut batch = BytesMut::new();
    batch.put_u32_le(3);
    batch.put_slice(&[99, 1, 2]);
    batch.put_slice(&write(&[output(5, b"x".to_vec())]));
    let frames: Vec<_> = BatchReader::<ServerFrame>::new(batch.freeze()).collect();
    assert_eq!(frames, [Ok(output(5, b"x".to_vec()))]);
}

#[test]
fn an_event_that_a_newer_peer_added_is_skipped() {
    let mut batch = BytesMut::new();
    batch.put_u32_le(18);
    batch.put_u8(8);
    batch.put_slice(&[7; 16]);
    batch.put_u8(120);
    batch.put_slice(&write(&[output(5, b"x".to_vec())]));
    let frames: Vec<_> = BatchReader::<ServerFrame>::new(batch.freeze()).collect();
    assert_eq!(frames, [Ok(output(5, b"x".to_vec()))]);
}

#[test]
fn a_batch_cut_inside_a_frame_is_an_error_after_the_whole_ones() {
    let whole = write(&[output(0, b"one".to_vec()), output(3, b"two".to_vec())]);
    let frames: Vec<_> = BatchReader::<ServerFrame>::new(whole.slice(..whole.len() - 1)).collect();
    assert_eq!(
        frames,
        [Ok(output(0, b"one".to_vec())), Err(DecodeError::Truncated)]
    );
}

#[test]
fn payloads_are_slices_of_the_batch() {
    let batch = write(&[output(0, vec![b'x'; 1000])]);
    let range = batch.as_ptr_range();
    let framed = BatchReader::<ServerFrame>::new(batch).next();
    let payload = framed.expect("one frame").expect("a whole one").payload;
    assert!(range.contains(&payload.as_ptr()));
}

proptest! {
    #[test]
    fn batches_survive_the_way(
        frames in prop::collection::vec((any::<u64>(), prop::collection::vec(any::<u8>(), 0..300)), 0..20),
    ) {
        let frames: Vec<_> = frames.into_iter().map(|(offset, payload)| output(offset, payload)).collect();
        let read: Result<Vec<_>, _> = BatchReader::new(write(&frames)).collect();
        prop_assert_eq!(read, Ok(frames));
    }

    #[test]
    fn rubbish_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        for framed in BatchReader::<ClientFrame>::new(bytes.clone().into()) {
            let _ = framed;
        }
        for framed in BatchReader::<ServerFrame>::new(bytes.into()) {
            let _ = framed;
        }
    }
}
