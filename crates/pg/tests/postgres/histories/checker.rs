//! Finds what a strictly serializable system could not have done (after Kingsbury and Alvaro, "Elle:
//! Inferring Isolation Anomalies from Experimental Observations", VLDB 2020).
//!
//! Keys hold lists that only grow, so a read tells the order of the versions it saw. From that follow
//! which transaction wrote before (ww), which read from which (wr), which read what another replaced
//! (rw), and from the clock which had ended before another began (rt). A cycle is an anomaly.

use std::collections::{BTreeMap, HashMap, VecDeque};

use super::history::{Ending, History, Op, Transaction};

/// What is wrong, worst first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anomaly {
    /// A transaction does not see its own appends, or sees a key change between two reads.
    Internal(usize),
    /// Two reads of a key of which neither continues the other.
    IncompatibleOrder(u32),
    /// A value that is in a list twice.
    Duplicate(u32),
    /// A value of a transaction that had failed (G1a).
    AbortedRead(u32),
    /// A value nobody appended.
    Garbage(u32),
    /// Some but not all of what a transaction appended to a key (G1b).
    IntermediateRead(u32),
    /// An append that was acknowledged and is not there.
    Lost(u32),
    /// A cycle: its edges' kinds, and the transactions in it.
    Cycle(Vec<Edge>, Vec<usize>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edge {
    WriteWrite,
    WriteRead,
    ReadWrite,
    RealTime,
}

/// All anomalies of a history, none if it is strictly serializable as far as can be seen. Keys that
/// were read after everything else ended show lost appends too.
pub fn check(history: &History) -> Vec<Anomaly> {
    let mut anomalies = Vec::new();
    let writers = writers(history);
    for (id, transaction) in committed(history) {
        if !is_consistent(transaction) {
            anomalies.push(Anomaly::Internal(id));
        }
    }
    let orders = orders(history, &mut anomalies);
    for order in orders.values() {
        check_order(history, order, &writers, &mut anomalies);
    }
    lost(history, &orders, &mut anomalies);
    if anomalies.is_empty() {
        let graph = Graph::of(history, &orders, &writers);
        anomalies.extend(graph.cycle());
    }
    anomalies.sort();
    anomalies
}

fn committed(history: &History) -> impl Iterator<Item = (usize, &Transaction)> {
    let all = history.iter().enumerate();
    all.filter(|(_, transaction)| transaction.ending == Ending::Committed)
}

fn reads(history: &History) -> impl Iterator<Item = (usize, u32, &Vec<u32>)> {
    committed(history).flat_map(|(id, transaction)| {
        transaction.ops.iter().filter_map(move |op| match op {
            Op::Read { key, values } => Some((id, *key, values)),
            Op::Append { .. } => None,
        })
    })
}

fn appends(transaction: &Transaction) -> impl Iterator<Item = (u32, u32)> {
    transaction.ops.iter().filter_map(|op| match op {
        Op::Append { key, value } => Some((*key, *value)),
        Op::Read { .. } => None,
    })
}

/// Which transaction appended a value.
fn writers(history: &History) -> HashMap<u32, usize> {
    let all = history.iter().enumerate();
    all.flat_map(|(id, transaction)| appends(transaction).map(move |(_, value)| (value, id)))
        .collect()
}

/// Each read continues what the transaction itself has read and appended.
fn is_consistent(transaction: &Transaction) -> bool {
    let mut known: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut appended: HashMap<u32, Vec<u32>> = HashMap::new();
    for op in &transaction.ops {
        match op {
            Op::Append { key, value } => match known.get_mut(key) {
                Some(list) => list.push(*value),
                None => appended.entry(*key).or_default().push(*value),
            },
            Op::Read { key, values } => {
                let fits = match known.get(key) {
                    Some(list) => list == values,
                    None => values.ends_with(appended.get(key).map_or(&[], Vec::as_slice)),
                };
                if !fits {
                    return false;
                }
                known.insert(*key, values.clone());
            }
        }
    }
    true
}

/// The longest list read of each key; all others are its beginnings.
fn orders(history: &History, anomalies: &mut Vec<Anomaly>) -> BTreeMap<u32, Vec<u32>> {
    let mut longest: BTreeMap<u32, &Vec<u32>> = BTreeMap::new();
    for (_, key, values) in reads(history) {
        let entry = longest.entry(key).or_insert(values);
        if values.len() > entry.len() {
            *entry = values;
        }
    }
    for (_, key, values) in reads(history) {
        if !longest[&key].starts_with(values) {
            anomalies.push(Anomaly::IncompatibleOrder(key));
        }
    }
    longest
        .into_iter()
        .map(|(key, order)| (key, order.clone()))
        .collect()
}

fn check_order(
    history: &History,
    order: &[u32],
    writers: &HashMap<u32, usize>,
    anomalies: &mut Vec<Anomaly>,
) {
    let mut seen = std::collections::HashSet::new();
    for value in order {
        if !seen.insert(value) {
            anomalies.push(Anomaly::Duplicate(*value));
        }
        match writers.get(value) {
            None => anomalies.push(Anomaly::Garbage(*value)),
            Some(writer) if history[*writer].ending == Ending::Aborted => {
                anomalies.push(Anomaly::AbortedRead(*value));
            }
            Some(_) => {}
        }
    }
}

/// Appends that were acknowledged and that a later read of their key does not show, and reads that end
/// in the middle of another's appends.
fn lost(history: &History, orders: &BTreeMap<u32, Vec<u32>>, anomalies: &mut Vec<Anomaly>) {
    let mut last_read: HashMap<u32, u64> = HashMap::new();
    for (id, key, _) in reads(history) {
        let at = last_read.entry(key).or_default();
        *at = (*at).max(history[id].began);
    }
    for (_, transaction) in committed(history) {
        for (key, value) in appends(transaction) {
            let is_there = orders.get(&key).is_some_and(|order| order.contains(&value));
            if !is_there
                && last_read
                    .get(&key)
                    .is_some_and(|at| *at > transaction.ended)
            {
                anomalies.push(Anomaly::Lost(value));
            }
        }
    }
    let mut last_of: HashMap<(usize, u32), u32> = HashMap::new();
    let mut writer_of: HashMap<u32, usize> = HashMap::new();
    for (id, transaction) in history.iter().enumerate() {
        for (key, value) in appends(transaction) {
            last_of.insert((id, key), value);
            writer_of.insert(value, id);
        }
    }
    for (id, key, values) in reads(history) {
        let Some(last) = values.last() else { continue };
        let Some(writer) = writer_of.get(last) else {
            continue;
        };
        if *writer != id && last_of[&(*writer, key)] != *last {
            anomalies.push(Anomaly::IntermediateRead(*last));
        }
    }
}

struct Graph {
    /// Transactions first, then one node for each end of one: what began after it follows it.
    edges: Vec<Vec<(usize, Edge)>>,
    transactions: usize,
}

impl Graph {
    fn of(
        history: &History,
        orders: &BTreeMap<u32, Vec<u32>>,
        writers: &HashMap<u32, usize>,
    ) -> Self {
        let mut graph = Self {
            edges: vec![Vec::new(); history.len() * 2],
            transactions: history.len(),
        };
        for order in orders.values() {
            for pair in order.windows(2) {
                graph.add(writers[&pair[0]], writers[&pair[1]], Edge::WriteWrite);
            }
        }
        for (id, key, values) in reads(history) {
            let order = &orders[&key];
            let seen = values
                .iter()
                .take_while(|value| writers[*value] != id)
                .count();
            if seen > 0 {
                graph.add(writers[&order[seen - 1]], id, Edge::WriteRead);
            }
            if let Some(next) = order.get(values.len()) {
                graph.add(id, writers[next], Edge::ReadWrite);
            }
        }
        graph.real_time(history);
        graph
    }

    fn add(&mut self, from: usize, to: usize, edge: Edge) {
        if from != to {
            self.edges[from].push((to, edge));
        }
    }

    fn real_time(&mut self, history: &History) {
        let mut ends: Vec<_> = committed(history).map(|(id, t)| (t.ended, id)).collect();
        ends.sort_unstable();
        for (n, (_, id)) in ends.iter().enumerate() {
            let node = self.transactions + n;
            self.edges[*id].push((node, Edge::RealTime));
            if n > 0 {
                self.edges[node - 1].push((node, Edge::RealTime));
            }
        }
        for (id, transaction) in history.iter().enumerate() {
            let ended = ends.partition_point(|(end, _)| *end < transaction.began);
            if ended > 0 && transaction.ending != Ending::Aborted {
                self.edges[self.transactions + ended - 1].push((id, Edge::RealTime));
            }
        }
    }

    /// The plainest cycle: of writes alone, then with reads, then with what they overwrite, then with
    /// the clock.
    fn cycle(&self) -> Option<Anomaly> {
        use Edge::{ReadWrite, RealTime, WriteRead, WriteWrite};
        let kinds: [&[Edge]; 4] = [
            &[WriteWrite],
            &[WriteWrite, WriteRead],
            &[WriteWrite, WriteRead, ReadWrite],
            &[WriteWrite, WriteRead, ReadWrite, RealTime],
        ];
        kinds.iter().find_map(|kinds| self.cycle_of(kinds))
    }

    fn cycle_of(&self, kinds: &[Edge]) -> Option<Anomaly> {
        let component = self.components(kinds);
        let mut sizes: HashMap<usize, usize> = HashMap::new();
        for id in &component {
            *sizes.entry(*id).or_default() += 1;
        }
        let start = (0..self.transactions).find(|node| sizes[&component[*node]] > 1)?;
        Some(self.shortest(start, kinds, &component))
    }

    /// The shortest way from a node back to itself, within its component.
    fn shortest(&self, start: usize, kinds: &[Edge], component: &[usize]) -> Anomaly {
        let mut from: HashMap<usize, (usize, Edge)> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        'search: while let Some(node) = queue.pop_front() {
            for (next, edge) in &self.edges[node] {
                if !kinds.contains(edge) || component[*next] != component[start] {
                    continue;
                }
                if from.contains_key(next) {
                    continue;
                }
                from.insert(*next, (node, *edge));
                if *next == start {
                    break 'search;
                }
                queue.push_back(*next);
            }
        }
        let (mut edges, mut nodes, mut node) = (Vec::new(), vec![start], start);
        loop {
            let (before, edge) = from[&node];
            edges.push(edge);
            if before < self.transactions {
                nodes.push(before);
            }
            node = before;
            if node == start {
                break;
            }
        }
        edges.reverse();
        edges.dedup_by(|a, b| *a == Edge::RealTime && *b == Edge::RealTime);
        nodes.reverse();
        Anomaly::Cycle(edges, nodes)
    }

    /// Tarjan's strongly connected components, without recursion.
    fn components(&self, kinds: &[Edge]) -> Vec<usize> {
        const NONE: usize = usize::MAX;
        let count = self.edges.len();
        let (mut index, mut low) = (vec![NONE; count], vec![0; count]);
        let (mut component, mut stack, mut on_stack) =
            (vec![NONE; count], Vec::new(), vec![false; count]);
        let mut next_index = 0;
        for root in 0..count {
            if index[root] != NONE {
                continue;
            }
            let mut work = vec![(root, 0)];
            while let Some((node, at)) = work.pop() {
                if at == 0 {
                    index[node] = next_index;
                    low[node] = next_index;
                    next_index += 1;
                    stack.push(node);
                    on_stack[node] = true;
                }
                let mut descended = false;
                for (n, (next, edge)) in self.edges[node].iter().enumerate().skip(at) {
                    if !kinds.contains(edge) {
                        continue;
                    }
                    if index[*next] == NONE {
                        work.push((node, n + 1));
                        work.push((*next, 0));
                        descended = true;
                        break;
                    }
                    if on_stack[*next] {
                        low[node] = low[node].min(index[*next]);
                    }
                }
                if descended {
                    continue;
                }
                if low[node] == index[node] {
                    while let Some(member) = stack.pop() {
                        on_stack[member] = false;
                        component[member] = node;
                        if member == node {
                            break;
                        }
                    }
                }
                if let Some((parent, _)) = work.last() {
                    low[*parent] = low[*parent].min(low[node]);
                }
            }
        }
        component
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(key: u32, value: u32) -> Op {
        Op::Append { key, value }
    }

    fn read(key: u32, values: &[u32]) -> Op {
        let values = values.to_vec();
        Op::Read { key, values }
    }

    /// All at the same time, so that no clock says who was first.
    fn at_once(transactions: &[&[Op]]) -> History {
        let all = transactions.iter();
        all.map(|ops| Transaction {
            ops: ops.to_vec(),
            began: 0,
            ended: 10,
            ending: Ending::Committed,
        })
        .collect()
    }

    fn one_after_another(transactions: &[&[Op]]) -> History {
        let mut history = at_once(transactions);
        for (n, transaction) in history.iter_mut().enumerate() {
            transaction.began = 20 * n as u64 + 1;
            transaction.ended = 20 * n as u64 + 10;
        }
        history
    }

    /// The kinds of a cycle's edges, wherever it was entered.
    fn edges(history: &History) -> Vec<Edge> {
        match check(history).first() {
            Some(Anomaly::Cycle(edges, _)) => {
                let mut edges = edges.clone();
                edges.sort();
                edges
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_serial_history_is_fine() {
        let history = one_after_another(&[
            &[append(1, 1), read(2, &[])],
            &[read(1, &[1]), append(1, 2), read(1, &[1, 2])],
            &[append(2, 3), append(2, 4)],
            &[read(2, &[3, 4]), read(1, &[1, 2])],
        ]);
        assert_eq!(check(&history), []);
    }

    #[test]
    fn write_skew_is_a_cycle_of_two_overwritten_reads() {
        let history = at_once(&[
            &[read(1, &[]), append(2, 1)],
            &[read(2, &[]), append(1, 2)],
            &[read(1, &[2]), read(2, &[1])],
        ]);
        assert_eq!(edges(&history), [Edge::ReadWrite, Edge::ReadWrite]);
    }

    #[test]
    fn a_lost_update_is_found() {
        let history = one_after_another(&[
            &[read(1, &[]), append(1, 1)],
            &[read(1, &[]), append(1, 2)],
            &[read(1, &[2])],
        ]);
        assert_eq!(check(&history), [Anomaly::Lost(1)]);
    }

    #[test]
    fn reads_of_two_states_are_a_cycle() {
        let history = at_once(&[
            &[append(1, 1), append(2, 2)],
            &[read(1, &[1]), read(2, &[])],
            &[read(2, &[2])],
        ]);
        assert_eq!(edges(&history).len(), 2);
        let circular = at_once(&[
            &[append(1, 1), read(2, &[2])],
            &[append(2, 2), read(1, &[1])],
        ]);
        assert_eq!(edges(&circular), [Edge::WriteRead, Edge::WriteRead]);
        let writes = at_once(&[
            &[append(1, 1), append(2, 2)],
            &[append(1, 3), append(2, 4)],
            &[read(1, &[1, 3]), read(2, &[4, 2])],
        ]);
        assert_eq!(edges(&writes), [Edge::WriteWrite, Edge::WriteWrite]);
    }

    #[test]
    fn a_stale_read_goes_against_the_clock() {
        let history = one_after_another(&[&[append(1, 1)], &[read(1, &[])], &[read(1, &[1])]]);
        assert_eq!(edges(&history), [Edge::ReadWrite, Edge::RealTime]);
        let mut overlapping = history;
        overlapping[1].began = 5;
        assert_eq!(check(&overlapping), []);
    }

    #[test]
    fn what_was_undone_half_done_or_made_up_is_found() {
        let mut history = one_after_another(&[&[append(1, 1)], &[read(1, &[1])]]);
        history[0].ending = Ending::Aborted;
        assert_eq!(check(&history), [Anomaly::AbortedRead(1)]);
        history[0].ending = Ending::Unknown;
        assert_eq!(check(&history), []);

        let half = at_once(&[
            &[append(1, 1), append(1, 2)],
            &[read(1, &[1])],
            &[read(1, &[1, 2])],
        ]);
        assert_eq!(check(&half), [Anomaly::IntermediateRead(1)]);
        let garbage = at_once(&[&[read(1, &[9])]]);
        assert_eq!(check(&garbage), [Anomaly::Garbage(9)]);
        let twice = at_once(&[&[append(1, 1)], &[read(1, &[1, 1])]]);
        assert_eq!(check(&twice), [Anomaly::Duplicate(1)]);
        let split = at_once(&[
            &[append(1, 1)],
            &[append(1, 2)],
            &[read(1, &[1])],
            &[read(1, &[2])],
        ]);
        assert!(check(&split).contains(&Anomaly::IncompatibleOrder(1)));
        let blind = at_once(&[&[append(1, 1), read(1, &[])]]);
        assert!(check(&blind).contains(&Anomaly::Internal(0)));
    }
}
