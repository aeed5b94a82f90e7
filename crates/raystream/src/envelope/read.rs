//! Reads a `FlatBuffer` from a stranger. Nothing is allocated or followed before it is known to lie
//! inside the payload; depth is bounded because each table is read by name, not by recursion.

use crate::error::EnvelopeError;

type Result<T> = std::result::Result<T, EnvelopeError>;

/// A table whose vtable and inline part lie inside the payload.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    payload: &'a [u8],
    position: usize,
    size: usize,
    vtable: &'a [u8],
}

impl<'a> Table<'a> {
    pub(super) fn root(payload: &'a [u8], name: &'static str) -> Result<Self> {
        let position = follow(payload, 0).ok_or(EnvelopeError::Bounds(name))?;
        Self::at(payload, position).ok_or(EnvelopeError::Bounds(name))
    }

    fn at(payload: &'a [u8], position: usize) -> Option<Self> {
        let back = i32::from_le_bytes(chunk(payload, position)?);
        let vtable_at = i64::try_from(position).ok()? - i64::from(back);
        let vtable_at = usize::try_from(vtable_at).ok()?;
        let vtable_len = usize::from(u16::from_le_bytes(chunk(payload, vtable_at)?));
        let vtable = payload.get(vtable_at..vtable_at.checked_add(vtable_len)?)?;
        let size = usize::from(u16::from_le_bytes(chunk(vtable, 2)?));
        let inside = size >= 4 && position.checked_add(size)? <= payload.len();
        inside.then_some(Self {
            payload,
            position,
            size,
            vtable,
        })
    }

    /// Where field `slot` lies, if it is there and `N` bytes of it lie inside the table.
    fn field<const N: usize>(
        &self,
        slot: usize,
        name: &'static str,
    ) -> Result<Option<(usize, [u8; N])>> {
        let Some(offset) = chunk(self.vtable, 4 + 2 * slot).map(u16::from_le_bytes) else {
            return Ok(None);
        };
        let offset = usize::from(offset);
        if offset == 0 {
            return Ok(None);
        }
        if offset < 4 || offset + N > self.size {
            return Err(EnvelopeError::Bounds(name));
        }
        let at = self.position + offset;
        let bytes = chunk(self.payload, at).ok_or(EnvelopeError::Bounds(name))?;
        Ok(Some((at, bytes)))
    }

    pub(super) fn u8(&self, slot: usize, name: &'static str) -> Result<Option<u8>> {
        Ok(self.field::<1>(slot, name)?.map(|(_, [byte])| byte))
    }

    pub(super) fn u16(&self, slot: usize, name: &'static str) -> Result<Option<u16>> {
        Ok(self
            .field(slot, name)?
            .map(|(_, bytes)| u16::from_le_bytes(bytes)))
    }

    pub(super) fn u32(&self, slot: usize, name: &'static str) -> Result<Option<u32>> {
        Ok(self
            .field(slot, name)?
            .map(|(_, bytes)| u32::from_le_bytes(bytes)))
    }

    pub(super) fn u64(&self, slot: usize, name: &'static str) -> Result<Option<u64>> {
        Ok(self
            .field(slot, name)?
            .map(|(_, bytes)| u64::from_le_bytes(bytes)))
    }

    /// A vector's elements: where they start, and how many of `width` bytes there are.
    fn vector(
        &self,
        slot: usize,
        width: usize,
        name: &'static str,
    ) -> Result<Option<(usize, usize)>> {
        let Some((at, _)) = self.field::<4>(slot, name)? else {
            return Ok(None);
        };
        let inside = || {
            let start = follow(self.payload, at)?;
            let count = usize::try_from(u32::from_le_bytes(chunk(self.payload, start)?)).ok()?;
            let elements = start.checked_add(4)?;
            let end = elements.checked_add(count.checked_mul(width)?)?;
            (end <= self.payload.len()).then_some((elements, count))
        };
        inside().map(Some).ok_or(EnvelopeError::Bounds(name))
    }

    pub(super) fn bytes(&self, slot: usize, name: &'static str) -> Result<Option<&'a [u8]>> {
        let found = self.vector(slot, 1, name)?;
        Ok(found.map(|(start, count)| &self.payload[start..start + count]))
    }

    /// A byte vector of at most `budget` bytes.
    pub(super) fn bytes_within(
        &self,
        slot: usize,
        budget: usize,
        name: &'static str,
    ) -> Result<Option<&'a [u8]>> {
        match self.bytes(slot, name)? {
            Some(bytes) if bytes.len() > budget => Err(EnvelopeError::Budget(name)),
            found => Ok(found),
        }
    }

    /// A byte vector of exactly `N` bytes.
    pub(super) fn array<const N: usize>(&self, slot: usize, name: &'static str) -> Result<[u8; N]> {
        let bytes = self
            .bytes(slot, name)?
            .and_then(|bytes| bytes.try_into().ok());
        bytes.ok_or(EnvelopeError::Missing(name))
    }

    pub(super) fn text(
        &self,
        slot: usize,
        budget: usize,
        name: &'static str,
    ) -> Result<Option<&'a str>> {
        let Some(bytes) = self.bytes(slot, name)? else {
            return Ok(None);
        };
        if bytes.len() > budget {
            return Err(EnvelopeError::Budget(name));
        }
        std::str::from_utf8(bytes)
            .map(Some)
            .map_err(|_| EnvelopeError::Utf8(name))
    }

    /// A vector of tables, each read by `read`. Several elements may be one table: that costs the
    /// reader at most `budget` readings.
    pub(super) fn tables<T>(
        &self,
        slot: usize,
        budget: usize,
        name: &'static str,
        read: impl Fn(Table<'a>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let Some((start, count)) = self.vector(slot, 4, name)? else {
            return Ok(Vec::new());
        };
        if count > budget {
            return Err(EnvelopeError::Budget(name));
        }
        let element = |i| {
            let position =
                follow(self.payload, start + 4 * i).ok_or(EnvelopeError::Bounds(name))?;
            read(Self::at(self.payload, position).ok_or(EnvelopeError::Bounds(name))?)
        };
        (0..count).map(element).collect()
    }

    /// A vector of texts.
    pub(super) fn texts(
        &self,
        slot: usize,
        budget: usize,
        each: usize,
        name: &'static str,
    ) -> Result<Vec<&'a str>> {
        let Some((start, count)) = self.vector(slot, 4, name)? else {
            return Ok(Vec::new());
        };
        if count > budget {
            return Err(EnvelopeError::Budget(name));
        }
        let element = |i| {
            let found = || {
                let position = follow(self.payload, start + 4 * i)?;
                let length = u32::from_le_bytes(chunk(self.payload, position)?);
                let from = position.checked_add(4)?;
                self.payload
                    .get(from..from.checked_add(usize::try_from(length).ok()?)?)
            };
            let bytes = found().ok_or(EnvelopeError::Bounds(name))?;
            if bytes.len() > each {
                return Err(EnvelopeError::Budget(name));
            }
            std::str::from_utf8(bytes).map_err(|_| EnvelopeError::Utf8(name))
        };
        (0..count).map(element).collect()
    }

    /// A vector of `KeyValue`.
    pub(super) fn pairs(&self, slot: usize, name: &'static str) -> Result<Vec<(&'a str, &'a str)>> {
        self.tables(slot, MAX_PAIRS, name, |pair| {
            let key = pair
                .text(0, MAX_KEY, name)?
                .ok_or(EnvelopeError::Missing(name))?;
            Ok((key, pair.text(1, MAX_VALUE, name)?.unwrap_or_default()))
        })
    }
}

const MAX_PAIRS: usize = 64;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 8 * 1024;

/// Where the unsigned offset at `at` leads. An offset of zero leads nowhere.
fn follow(payload: &[u8], at: usize) -> Option<usize> {
    let offset = usize::try_from(u32::from_le_bytes(chunk(payload, at)?)).ok()?;
    (offset != 0).then_some(())?;
    at.checked_add(offset)
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}
