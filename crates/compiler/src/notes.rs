//! Comments by place, in a form that threads can share: swc's own is for one thread, and both the
//! JSX transform and the printer change what they are given.

use std::cell::RefCell;
use std::rc::Rc;

use swc_core::common::BytePos;
use swc_core::common::comments::{
    Comment, SingleThreadedComments, SingleThreadedCommentsMap, SingleThreadedCommentsMapInner,
};

/// The comments of one file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    leading: Vec<(BytePos, Vec<Comment>)>,
    trailing: Vec<(BytePos, Vec<Comment>)>,
}

impl Notes {
    /// Takes what swc has collected.
    pub(crate) fn keep(comments: SingleThreadedComments) -> Self {
        let (leading, trailing) = comments.take_all();
        Self {
            leading: sorted(&leading),
            trailing: sorted(&trailing),
        }
    }

    /// The texts of the comments right before a place.
    pub(crate) fn before(&self, place: BytePos) -> impl Iterator<Item = &str> {
        let found = self.leading.binary_search_by_key(&place, |(at, _)| *at);
        let comments = found.ok().map(|index| &self.leading[index].1);
        comments.into_iter().flatten().map(|comment| &*comment.text)
    }

    /// A copy for one use: whoever prints with it takes the comments out.
    pub(crate) fn lend(&self) -> SingleThreadedComments {
        SingleThreadedComments::from_leading_and_trailing(
            shared(&self.leading),
            shared(&self.trailing),
        )
    }
}

fn sorted(map: &SingleThreadedCommentsMap) -> Vec<(BytePos, Vec<Comment>)> {
    let mut all: Vec<_> = std::mem::take(&mut *map.borrow_mut()).into_iter().collect();
    all.sort_by_key(|(place, _)| *place);
    all
}

fn shared(all: &[(BytePos, Vec<Comment>)]) -> SingleThreadedCommentsMap {
    Rc::new(RefCell::new(
        all.iter()
            .cloned()
            .collect::<SingleThreadedCommentsMapInner>(),
    ))
}
