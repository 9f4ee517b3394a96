// Package soak runs a skald under load while it is killed, stopped, restarted
// and cut off, and then proves from outside that it kept its promises.
//
// A Plan says everything that will be done, and when: it is a pure function of a
// seed, and is written first. Run carries it out against an Installation, whose
// processes are real ones, and writes down what happened: what every request was
// answered (History), which faults came about (Fired), and at the end every
// record of every topic, every order with its timeline, and all stock. Together
// these are a Bundle: a folder of plain JSON. Checkers are pure functions over
// it, so that a bundle can be judged again, later and elsewhere.
//
// An answer that never came is neither success nor failure: it stays unknown,
// and afterwards either nothing or one whole order must be there. And a soak that
// tested nothing has failed: a planned fault that never came about is a
// violation, and so is a run in which too little was sold.
//
// Any process is killed, stopped and restarted. What takes more than a signal is
// a Harm that an installation is capable of: on the real stack leaders of
// partitions and the group's coordinator move, Temporal's calls to its database
// fail (some after they were carried out), Postgres' disk is full, and its clock
// jumps; of skald dev the disk is full. A Capability that this machine lacks is
// left out of the plan, which says so and why: a mount takes root's rights, a
// clock takes libfaketime. A harm that nothing met is a violation as well.
//
// The seed, and what the machine is capable of, repeat the plan and not the run:
// processes, disks and networks take their own time. What it does not do, with
// the reason: set the clock of skald dev, because libfaketime moves no static Go
// program's; fail the persistence of its Temporal or move its Kafka's leaders,
// because both are inside of the process, where only a switch in the product
// could reach them (package workers tests moves of leaders); cut the power.
// SIGKILL proves that what was handed to the kernel suffices, not that it had
// reached the disk.
package soak
