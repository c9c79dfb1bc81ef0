// Command oracle judges Kubernetes objects as an API server with KServe installed does when they are created or changed.
//
// It reads one question per line and answers each with one verdict per line:
//
//	{"id": 1, "mode": "Standard", "object": {…}, "old": {…}, "existing": [{…}]}
//	{"id": 1, "accepted": false, "stage": "validate", "message": "…", "warnings": []}
//
// With "old", the object that is stored now, the question is an update of it; without, a creation.
//
// A question with "configuration", the data of the ConfigMap inferenceservice-config, is answered with what KServe
// understands of it; see understanding.
//
// An object goes through pruning and the schema's defaults, KServe's mutating webhook, the rest of the schema with its
// CEL rules, and KServe's validating webhook. All of it is the code of KServe and of the API server; what is written
// here only calls it in the API server's order. A panic in KServe's code is a refusal, as it is on a cluster.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/go-logr/logr"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

const longestLine = 16 << 20

type question struct {
	ID       any              `json:"id"`
	Mode     string           `json:"mode"`
	Object   json.RawMessage  `json:"object"`
	Old      json.RawMessage  `json:"old"`
	Existing []map[string]any `json:"existing"`

	Configuration map[string]string `json:"configuration"`
}

type verdict struct {
	ID       any            `json:"id"`
	Accepted bool           `json:"accepted"`
	Stage    string         `json:"stage,omitempty"`
	Message  string         `json:"message,omitempty"`
	Warnings []string       `json:"warnings"`
	Object   map[string]any `json:"object,omitempty"`
}

func main() {
	answers := os.Stdout
	os.Stdout = os.Stderr // what KServe's code prints must not mix with the answers
	ctrllog.SetLogger(logr.Discard())
	utilruntime.PanicHandlers = nil // a panic is an answer here, its stack is noise
	if err := run(os.Stdin, answers); err != nil {
		fmt.Fprintf(os.Stderr, "oracle: %v\n", err)
		os.Exit(1)
	}
}

func run(questions io.Reader, answers io.Writer) error {
	there, err := startCluster()
	if err != nil {
		return err
	}
	defer there.stop()
	judge, err := newJudge(there)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(questions)
	lines.Buffer(nil, longestLine)
	out := json.NewEncoder(answers)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		asked := question{}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return fmt.Errorf("a line is not a question: %w", err)
		}
		if asked.Configuration != nil {
			if err := out.Encode(understand(asked.ID, asked.Configuration)); err != nil {
				return err
			}
			continue
		}
		if err := there.become(asked.Mode, asked.Existing); err != nil {
			return fmt.Errorf("question %v: %w", asked.ID, err)
		}
		if err := out.Encode(judge.answer(context.Background(), asked)); err != nil {
			return err
		}
	}
	return lines.Err()
}
