package main

import "container/heap"

// task is a step of a connection that is due at some time. Accepts have no connection yet.
type task struct {
	step           step
	c              *conn
	begunNs, dueNs int64
	number         uint64 // of two tasks that are due at the same time, the lower one is done first
}

// tasks is a heap of what is due, the earliest first.
type tasks struct {
	all    earliest
	number uint64
}

func (t *tasks) add(next task) {
	next.number = t.number
	t.number++
	heap.Push(&t.all, next)
}

// due removes and returns a task that is due by now.
func (t *tasks) due(nowNs int64) (next task, ok bool) {
	if len(t.all) == 0 || t.all[0].dueNs > nowNs {
		return task{}, false
	}
	return heap.Pop(&t.all).(task), true
}

// sleepNs returns how long there is nothing to do, and -1 if that is not known.
func (t *tasks) sleepNs(nowNs int64) int64 {
	if len(t.all) == 0 {
		return -1
	}
	return max(0, t.all[0].dueNs-nowNs)
}

// earliest implements heap.Interface.
type earliest []task

func (e earliest) Len() int      { return len(e) }
func (e earliest) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *earliest) Push(x any)   { *e = append(*e, x.(task)) }

func (e earliest) Less(i, j int) bool {
	if e[i].dueNs != e[j].dueNs {
		return e[i].dueNs < e[j].dueNs
	}
	return e[i].number < e[j].number
}

func (e *earliest) Pop() any {
	last := len(*e) - 1
	x := (*e)[last]
	(*e)[last] = task{}
	*e = (*e)[:last]
	return x
}
