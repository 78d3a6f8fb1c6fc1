# Run once by PostgreSQL's image, when the database is made. The tables are the owner's, who migrates; API and workers sign in
# as this role, to which every migration grants what it needs: to the audit log it can only add.
psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --set password="$SERVICE_PASSWORD" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE explainer LOGIN PASSWORD :'password';
SQL
