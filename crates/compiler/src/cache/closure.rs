//! One digest for all that a file can reach: its own facts and those of every file it leads to,
//! however far. Files that import each other in a circle have one digest together.

use super::{Digest, digest_of};

/// For each file the digest of its closure. `own[i]` is what file `i` says itself, `edges[i]` where
/// it leads; the numbering of the files does not matter.
pub(super) fn closures(own: &[Digest], edges: &[Vec<usize>]) -> Vec<Digest> {
    let mut digests: Vec<Option<Digest>> = vec![None; own.len()];
    for circle in circles(edges) {
        let mut leaves: Vec<Digest> = circle
            .iter()
            .flat_map(|&file| &edges[file])
            // What a circle leads to comes before it; what has no digest yet is in the circle.
            .filter_map(|&target| digests[target])
            .collect();
        leaves.sort_unstable();
        leaves.dedup();
        let mut members: Vec<Digest> = circle.iter().map(|&file| own[file]).collect();
        members.sort_unstable();
        let together = digest_of(&[members.as_flattened(), leaves.as_flattened()]);
        for file in circle {
            digests[file] = Some(digest_of(&[&together, &own[file]]));
        }
    }
    digests.into_iter().map(Option::unwrap_or_default).collect()
}

/// Strongly connected components, targets before sources (Tarjan 1972), without recursion: a chain
/// of imports may be as long as a project.
fn circles(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    const NEW: usize = usize::MAX;
    let count = edges.len();
    let (mut order, mut low) = (vec![NEW; count], vec![0; count]);
    let mut open = vec![false; count];
    let (mut stack, mut next, mut found) = (Vec::new(), 0, Vec::new());
    for root in 0..count {
        if order[root] != NEW {
            continue;
        }
        // A file, and which of its edges comes next.
        let mut walk: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some(&mut (file, ref mut edge)) = walk.last_mut() {
            if *edge == 0 {
                order[file] = next;
                low[file] = next;
                next += 1;
                stack.push(file);
                open[file] = true;
            }
            if let Some(&target) = edges[file].get(*edge) {
                *edge += 1;
                if order[target] == NEW {
                    walk.push((target, 0));
                } else if open[target] {
                    low[file] = low[file].min(order[target]);
                }
                continue;
            }
            walk.pop();
            if let Some(&(parent, _)) = walk.last() {
                low[parent] = low[parent].min(low[file]);
            }
            if low[file] == order[file] {
                let mut circle = Vec::new();
                while let Some(member) = stack.pop() {
                    open[member] = false;
                    circle.push(member);
                    if member == file {
                        break;
                    }
                }
                found.push(circle);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{circles, closures};
    use crate::cache::digest_of;

    #[test]
    fn circles_come_after_what_they_lead_to() {
        // 0 → 1 ⇄ 2 → 3, 4 alone
        let edges = [vec![1], vec![2], vec![1, 3], vec![], vec![]];
        let mut found = circles(&edges);
        for circle in &mut found {
            circle.sort_unstable();
        }
        assert_eq!(found, [vec![3], vec![1, 2], vec![0], vec![4]]);
    }

    #[test]
    fn a_change_is_seen_by_all_that_reach_it_and_by_nobody_else() {
        let edges = [vec![1], vec![2], vec![1, 3], vec![], vec![3]];
        let own = |changed: usize| -> Vec<_> {
            (0..5_usize)
                .map(|i| digest_of(&[&i.to_le_bytes(), &[u8::from(i == changed)]]))
                .collect()
        };
        let before = closures(&own(9), &edges);
        let seen = |changed: usize| -> Vec<usize> {
            let after = closures(&own(changed), &edges);
            (0..5).filter(|&i| before[i] != after[i]).collect()
        };
        assert_eq!(seen(3), [0, 1, 2, 3, 4]);
        assert_eq!(seen(1), [0, 1, 2]);
        assert_eq!(seen(0), [0]);
        assert_eq!(seen(4), [4]);
    }

    #[test]
    fn the_numbering_of_the_files_does_not_matter() {
        let own = |name: &str| digest_of(&[name.as_bytes()]);
        let one = closures(
            &[own("a"), own("b"), own("c")],
            &[vec![1], vec![2], vec![1]],
        );
        let other = closures(
            &[own("c"), own("a"), own("b")],
            &[vec![2], vec![2], vec![0]],
        );
        assert_eq!([one[0], one[1], one[2]], [other[1], other[2], other[0]]);
    }

    #[test]
    fn a_long_chain_is_no_deep_recursion() {
        let count = 200_000;
        let edges: Vec<Vec<usize>> = (0..count)
            .map(|i| if i == 0 { vec![] } else { vec![i - 1] })
            .collect();
        assert_eq!(circles(&edges).len(), count);
    }
}
