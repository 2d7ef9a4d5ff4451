// docs/guides/django.md, followed to its end.
import { test } from "node:test";

import { SHORT, refusesToStartWithoutSecret, useCallbacks, useWebApp } from "./apps.mjs";
import { open } from "./guide.mjs";

test("pk_10 the guide for Django", async (t) => {
  const guide = await open(t, "django", { before: ["start", "api-python"], settings: SHORT });
  await guide.all();
  guide.finish();
  await refusesToStartWithoutSecret(t, guide, ".venv/bin/python manage.py check");
  await useWebApp(t, guide, "http://localhost:8000/");
  const copied = (id) => `cp -r manage.py db.sqlite3 site_of_notes ${id} && mv ${id}/views.py ${id}/site_of_notes && cd ${id}`;
  const appOf = (id, port) => ({ file: `${id}/views.py`, command: `${copied(id)} && PYTHONUNBUFFERED=1 ../.venv/bin/python manage.py runserver --noreload ${port}` });
  await useCallbacks(t, guide, "django", appOf, /Starting development server/);
});
