// By oapi-codegen: sends an image as a part of a form.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"os"

	"facefleet.test/client/facefleet"
)

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}

func main() {
	ctx := context.Background()
	client := must(facefleet.NewClientWithResponses(os.Args[1]))
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(must(form.CreateFormField("job")).Write([]byte(`{"task":"embed"}`)))
	must(must(form.CreateFormFile("image", "portrait.png")).Write(must(os.ReadFile(os.Args[2]))))
	must(0, form.Close())
	submitted := must(client.SubmitJobWithBodyWithResponse(ctx, nil, form.FormDataContentType(), &body))
	wait := 30
	job := must(client.GetJobWithResponse(ctx, submitted.JSON202.Id, &facefleet.GetJobParams{Wait: &wait})).JSON200
	faces := must(job.Result.AsAnalysisResult()).Faces
	answer := map[string]any{"state": job.State, "faces": len(faces), "left": faces[0].Landmarks.LeftEye.X}
	must(0, json.NewEncoder(os.Stdout).Encode(answer))
}
