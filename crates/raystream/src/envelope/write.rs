//! Writes a `FlatBuffer` front to back, straight into the frame it will be sent in. The format only
//! wants offsets to point forward and values to be aligned, so a table can precede its children and
//! get their offsets filled in once they are there.

use crate::frame::FrameBuf;

/// What a table holds inline.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// Left out: a reader takes the default.
    Absent,
    /// The offset of a child, to be written next.
    Child,
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
}

impl Field {
    pub(super) fn child_if(present: bool) -> Self {
        if present { Self::Child } else { Self::Absent }
    }

    pub(super) fn u64_if(value: Option<u64>) -> Self {
        value.map_or(Self::Absent, Self::U64)
    }

    fn width(self) -> usize {
        match self {
            Self::Absent => 0,
            Self::U8(_) => 1,
            Self::U16(_) => 2,
            Self::Child | Self::U32(_) => 4,
            Self::U64(_) => 8,
        }
    }

    fn write(self, to: &mut [u8]) {
        match self {
            Self::Absent | Self::Child => {}
            Self::U8(value) => to[0] = value,
            Self::U16(value) => to.copy_from_slice(&value.to_le_bytes()),
            Self::U32(value) => to.copy_from_slice(&value.to_le_bytes()),
            Self::U64(value) => to.copy_from_slice(&value.to_le_bytes()),
        }
    }
}

/// Where in the buffer the offset of a child goes.
#[derive(Clone, Copy)]
pub(super) struct Slot(usize);

pub(super) struct Writer<'b> {
    bytes: &'b mut Vec<u8>,
    /// Where the `FlatBuffer` starts: alignment counts from here.
    base: usize,
}

impl<'b> Writer<'b> {
    /// Starts a `FlatBuffer` at the end of the buffer. The root table has to come next, at the slot.
    pub(super) fn new(buffer: &'b mut FrameBuf) -> (Self, Slot) {
        let bytes = buffer.bytes_mut();
        let base = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        (Self { bytes, base }, Slot(base))
    }

    /// Writes vtable and table. Returns where each field is; only those of children matter.
    pub(super) fn table<const N: usize>(&mut self, at: Slot, fields: [Field; N]) -> [Slot; N] {
        let vtable_len = 4 + 2 * N;
        // The table starts with its 4-byte vtable offset; wide fields follow at once, so they are
        // aligned if the table is 4 short of a multiple of 8.
        self.align(8, vtable_len + 4);
        let vtable = self.bytes.len();
        let table = vtable + vtable_len;
        self.bytes.resize(table + 4, 0);

        let mut slots = [Slot(0); N];
        for width in [8, 4, 2, 1] {
            for (i, field) in fields
                .iter()
                .enumerate()
                .filter(|(_, f)| f.width() == width)
            {
                let position = self.bytes.len();
                self.bytes.resize(position + width, 0);
                field.write(&mut self.bytes[position..]);
                slots[i] = Slot(position);
                self.patch_u16(vtable + 4 + 2 * i, position - table);
            }
        }
        self.patch_u16(vtable, vtable_len);
        self.patch_u16(vtable + 2, self.bytes.len() - table);
        let back = i32::try_from(vtable_len).expect("a table has a dozen fields");
        self.bytes[table..table + 4].copy_from_slice(&back.to_le_bytes());
        self.patch(at, table);
        slots
    }

    pub(super) fn text(&mut self, at: Slot, text: &str) {
        self.align(4, 4);
        self.vector(at, text.len());
        self.bytes.extend_from_slice(text.as_bytes());
        self.bytes.push(0);
    }

    /// The bytes start at a multiple of 8, so that a `FlatBuffer` inside is aligned too.
    pub(super) fn bytes(&mut self, at: Slot, bytes: &[u8]) {
        self.align(8, 4);
        self.vector(at, bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn text_if(&mut self, at: Slot, text: Option<&str>) {
        if let Some(text) = text {
            self.text(at, text);
        }
    }

    pub(super) fn texts(&mut self, at: Slot, texts: &[&str]) {
        let first = self.offsets(at, texts.len());
        for (i, text) in texts.iter().enumerate() {
            self.text(Slot(first + 4 * i), text);
        }
    }

    /// A vector of `KeyValue`, unless there is none.
    pub(super) fn pairs_if(&mut self, at: Slot, pairs: &[(&str, &str)]) {
        if pairs.is_empty() {
            return;
        }
        let first = self.offsets(at, pairs.len());
        for (i, (key, value)) in pairs.iter().enumerate() {
            let [k, v] = self.table(Slot(first + 4 * i), [Field::Child, Field::Child]);
            self.text(k, key);
            self.text(v, value);
        }
    }

    /// A vector of as many offsets, still to be filled in.
    fn offsets(&mut self, at: Slot, count: usize) -> usize {
        self.align(4, 4);
        self.vector(at, count);
        let first = self.bytes.len();
        self.bytes.resize(first + 4 * count, 0);
        first
    }

    fn vector(&mut self, at: Slot, count: usize) {
        self.patch(at, self.bytes.len());
        self.bytes.extend_from_slice(&narrow(count).to_le_bytes());
    }

    /// Fills up so that what comes after `ahead` more bytes is aligned.
    fn align(&mut self, alignment: usize, ahead: usize) {
        let position = self.bytes.len() - self.base + ahead;
        let padding = position.next_multiple_of(alignment) - position;
        self.bytes.resize(self.bytes.len() + padding, 0);
    }

    fn patch(&mut self, at: Slot, target: usize) {
        let offset = narrow(target - at.0);
        self.bytes[at.0..at.0 + 4].copy_from_slice(&offset.to_le_bytes());
    }

    fn patch_u16(&mut self, at: usize, value: usize) {
        let value = u16::try_from(value).expect("a table has a dozen fields");
        self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }
}

/// Saturates: a payload of 4 GiB is over every limit and will not be sealed.
fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
