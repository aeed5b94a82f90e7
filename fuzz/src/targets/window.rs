//! Sequences near and far against the obvious model: the set of everything seen.

use std::collections::BTreeSet;

use kontract_raystream::{ReplayWindow, Transport};

use super::input::Input;

const WIDTH: u32 = 1024;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let websocket = input.byte() & 1 == 1;
    let transport = if websocket {
        Transport::WebSocket
    } else {
        Transport::Http
    };
    let mut window = ReplayWindow::new(transport);
    let mut seen = BTreeSet::<u32>::new();
    let mut at = 0_u32;
    while !input.is_empty() {
        let highest = seen.last().copied().unwrap_or(0);
        at = match input.byte() {
            0 => input.u32(),
            1 => highest.saturating_add(input.u16().into()),
            2 => highest.saturating_sub(input.u16().into()),
            3 => highest.saturating_add(1),
            step => at.wrapping_add_signed(i32::from(step) - 130),
        };
        let expected = if websocket {
            highest.checked_add(1) == Some(at)
        } else {
            let recent = at > highest || highest - at < WIDTH;
            at != 0 && recent && !seen.contains(&at)
        };
        assert_eq!(window.accepts(at), expected, "{at} after {highest}");
        assert_eq!(window.commit(at), expected, "{at} after {highest}");
        if expected {
            seen.insert(at);
        }
        assert_eq!(window.highest(), seen.last().copied().unwrap_or(0));
    }
}
