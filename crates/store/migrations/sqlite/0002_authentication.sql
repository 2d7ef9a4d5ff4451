-- How a user authenticated, beside `auth_time`: `amr` has names of methods separated by spaces and is empty where nothing is
-- known, as in every row from before; `acr` is absent where no class was satisfied.

ALTER TABLE sessions ADD COLUMN amr TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN acr TEXT;
ALTER TABLE grants ADD COLUMN amr TEXT NOT NULL DEFAULT '';
ALTER TABLE grants ADD COLUMN acr TEXT;
